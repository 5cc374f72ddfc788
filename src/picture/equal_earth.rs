//! The world on paper: the outlines of land and a point in each country, in the Equal Earth projection (Šavrič,
//! Patterson and Jenny, 2018), which shows areas in their true proportions.

use super::geometry::{Path, Px};

const LAND: &str = include_str!("world/land.txt");
const COUNTRIES: &str = include_str!("world/countries.txt");

/// The northernmost and southernmost latitude of the map, in degrees.
const NORTH: f64 = 84.0;
const SOUTH: f64 = -57.0;

/// A place on earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Degrees {
    longitude: f64,
    latitude: f64,
}

/// The height of a map of this width.
pub(super) fn height(width: Px) -> Px {
    on_paper(Degrees { longitude: 0.0, latitude: SOUTH }, width).1
}

/// The outlines of land on a map of this width; of two in each other the inner one is water.
pub(super) fn land(width: Px) -> Path {
    let mut path = Path::default();
    for outline in lines(LAND) {
        let points = outline.split(' ').filter_map(degrees).map(|place| on_paper(place, width));
        for (number, (x, y)) in points.enumerate() {
            if number == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
    }
    path
}

/// Where a country is on a map of this width, by its code of two capitals; nothing for what is no such code.
pub(super) fn country(code: &str, width: Px) -> Option<(Px, Px)> {
    let mut known = lines(COUNTRIES).filter_map(|line| line.split_once(' '));
    let (_, place) = known.find(|(known, _)| *known == code)?;
    degrees(place).map(|place| on_paper(place, width))
}

/// Whether it is the code of a country that has a place.
pub(super) fn is_country(code: &str) -> bool {
    country(code, Px::ZERO).is_some()
}

/// The lines of a table that are no comments.
fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// `97,510`: a longitude and a latitude in tenths of a degree.
fn degrees(text: &str) -> Option<Degrees> {
    let (longitude, latitude) = text.split_once(',')?;
    let tenths = |text: &str| text.parse::<i16>().ok().map(|tenths| f64::from(tenths) / 10.0);
    Some(Degrees { longitude: tenths(longitude)?, latitude: tenths(latitude)? })
}

fn on_paper(place: Degrees, width: Px) -> (Px, Px) {
    let (x, y) = project(place);
    let (east, _) = project(Degrees { longitude: 180.0, latitude: 0.0 });
    let (_, north) = project(Degrees { longitude: 0.0, latitude: NORTH });
    (width.part((x + east) / (2.0 * east)), width.part((north - y) / (2.0 * east)))
}

/// Equations 7 and 8 of the paper.
fn project(place: Degrees) -> (f64, f64) {
    const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
    let m = 3.0_f64.sqrt() / 2.0;
    let theta = (m * place.latitude.to_radians().sin()).asin();
    let (two, six) = (theta.powi(2), theta.powi(6));
    let slope = A[0] + 3.0 * A[1] * two + six * (7.0 * A[2] + 9.0 * A[3] * two);
    let x = place.longitude.to_radians() * theta.cos() / (m * slope);
    let y = theta * (A[0] + A[1] * two + six * (A[2] + A[3] * two));
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        let points =
            |line: &str| line.split(' ').map(|at| degrees(at).is_some()).collect::<Vec<_>>();
        for line in lines(LAND) {
            let read = points(line);
            assert!(read.len() > 2 && read.iter().all(|is_read| *is_read), "{line}");
        }
        for line in lines(COUNTRIES) {
            let (code, place) = line.split_once(' ').unwrap_or_default();
            assert!(code.len() == 2 && is_country(code) && degrees(place).is_some(), "{line}");
        }
    }

    /// The example of PROJ's `eqearth`, for a sphere with the radius 1.
    #[test]
    fn the_projection_is_that_of_the_paper() {
        let (x, y) = project(Degrees { longitude: 180.0, latitude: 0.0 });
        assert!((x - 2.706_63).abs() < 1e-5 && y.abs() < 1e-12, "{x} {y}");
        let (x, y) = project(Degrees { longitude: 0.0, latitude: 90.0 });
        assert!(x.abs() < 1e-12 && (y - 1.317_36).abs() < 1e-5, "{x} {y}");
    }

    #[test]
    fn countries_lie_where_they_are() {
        let width = Px::of(960);
        let at = |code| country(code, width).unwrap_or_default();
        assert!(at("US").0 < at("DE").0 && at("DE").0 < at("KP").0 && at("KP").0 < at("NZ").0);
        assert!(at("NO").1 < at("DE").1 && at("DE").1 < at("BR").1 && at("BR").1 < at("NZ").1);
        assert!(at("NZ").1 < height(width) && at("GL").1 > Px::ZERO);
        assert!(!["de", "AS3320", "", "#", "Natural"].into_iter().any(is_country));
    }
}
