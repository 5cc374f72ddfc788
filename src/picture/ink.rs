//! How a part is told from the others: by a colour, by a texture for those who see no colours, and by a
//! letter where there is nothing else.

/// A colour, the lines on it, and their signs in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) colour: &'static str,
    /// The colour of the lines.
    pub(super) lines: &'static str,
    pub(super) texture: Texture,
    /// The number of the colour among the 256 of terminals.
    pub(super) terminal: u8,
}

impl Ink {
    /// What makes a terminal write on the colour.
    pub(super) fn behind(self) -> String {
        let letters = if self.lines == WHITE { 231 } else { 16 };
        format!("\u{1b}[48;5;{};38;5;{letters}m", self.terminal)
    }

    /// What makes a terminal write in the colour.
    pub(super) fn front(self) -> String {
        format!("\u{1b}[0;38;5;{}m", self.terminal)
    }
}

/// Lines on a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Texture {
    Plain,
    Rising,
    Falling,
    Upright,
    Level,
    Dots,
    Grid,
    Crosses,
}

impl Texture {
    /// Those that fill a carrier.
    const ALL: [Self; 7] = [
        Self::Plain,
        Self::Rising,
        Self::Falling,
        Self::Upright,
        Self::Level,
        Self::Dots,
        Self::Grid,
    ];

    /// The one that is so many after this one.
    fn after(self, steps: usize) -> Self {
        let place = Self::ALL.iter().position(|texture| *texture == self).unwrap_or(0);
        Self::ALL[(place + steps) % Self::ALL.len()]
    }

    /// A tile of 8 by 8.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Rising => "M-2 2l4-4M0 8l8-8M6 10l4-4",
            Self::Falling => "M-2 6l4 4M0 0l8 8M6-2l4 4",
            Self::Upright => "M2 0v8M6 0v8",
            Self::Level => "M0 2h8M0 6h8",
            Self::Dots => "M1 2h2M5 6h2",
            Self::Grid => "M0 4h8M4 0v8",
            Self::Crosses => "M0 0l8 8M8 0l-8 8",
        }
    }
}

const WHITE: &str = "#fff";
const BLACK: &str = "#000";

const fn ink(colour: &'static str, lines: &'static str, texture: Texture, terminal: u8) -> Ink {
    Ink { colour, lines, texture, terminal }
}

/// The colours of Okabe and Ito, which people tell apart who see few colours: for each class in its turn
/// those of its carriers. The first two differ in lightness too, for print.
const CLASSES: [[Ink; 3]; 4] = [
    [
        ink("#e69f00", BLACK, Texture::Plain, 214),
        ink("#d55e00", WHITE, Texture::Upright, 166),
        ink("#f5d9ab", BLACK, Texture::Grid, 223),
    ],
    [
        ink("#0072b2", WHITE, Texture::Rising, 25),
        ink("#56b4e9", BLACK, Texture::Falling, 74),
        ink("#a9d8f5", BLACK, Texture::Rising, 153),
    ],
    [
        ink("#a64d79", WHITE, Texture::Level, 132),
        ink("#cc79a7", BLACK, Texture::Level, 175),
        ink("#e3b7cf", BLACK, Texture::Grid, 218),
    ],
    [
        ink("#8a7a00", WHITE, Texture::Falling, 100),
        ink("#f0e442", BLACK, Texture::Falling, 227),
        ink("#f7f0a0", BLACK, Texture::Grid, 229),
    ],
];

/// The same for transit by somebody else.
const OTHER: [Ink; 3] = [
    ink("#009e73", WHITE, Texture::Dots, 36),
    ink("#66c4a8", BLACK, Texture::Dots, 79),
    ink("#b2e0d2", BLACK, Texture::Grid, 152),
];

pub(super) const UNNAMED: Ink = ink("#c8c8c8", BLACK, Texture::Dots, 250);
pub(super) const UNKNOWN: Ink = ink("#999", WHITE, Texture::Level, 245);
pub(super) const UNREACHED: Ink = ink("#222", WHITE, Texture::Crosses, 235);

/// The ink of the `carrier`th carrier of a class; a class has that of its first. No class is `other`.
pub(super) fn of(class: Option<usize>, carrier: usize) -> Ink {
    let inks = class.map_or(&OTHER, |class| &CLASSES[class % CLASSES.len()]);
    let ink = inks[carrier % inks.len()];
    // Where the colours are used up they come again with other lines.
    Ink { texture: ink.texture.after(carrier / inks.len()), ..ink }
}
