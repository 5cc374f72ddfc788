//! Rows as structs: a field for each column of a table, of one type for all.
//!
//! The type is whatever a row is made of at the moment: cells to write, places in a header that was read,
//! values of a line. Who makes or reads a row names each column, and the compiler knows the names.

use super::Table;

/// A row of a table, with a `T` for each column.
pub trait Row<T>: Sized {
    /// The table.
    const TABLE: &'static Table;

    /// The row that has, for each column, what `value` makes of its full name.
    fn by_name(classes: &[String], value: impl FnMut(&str) -> T) -> Self;

    /// The values in the order of the columns.
    fn into_values(self) -> Vec<T>;
}

/// Defines tables, and for each the struct of its rows.
///
/// A column has its name, what stands in it, what it means, and the schema that introduced it unless that
/// was the first. A name with a list in brackets stands for columns of classes: for each class there are
/// those whose suffixes are in the list. Its field is a list with an array for each class.
macro_rules! tables {
    ($(
        #[doc = $about:literal]
        $table:ident $row:ident $name:literal, by $written_by:literal {
            $(
                $field:ident $([$($suffix:literal: $each:literal),+])?: $kind:expr
                $(, $doc:literal)? $(, since $since:literal)?;
            )+
        }
    )+) => {
        /// All tables.
        pub static TABLES: [&Table; [$($name),+].len()] = [$(&$table),+];
        $(
            #[doc = $about]
            pub static $table: Table = Table {
                name: $name,
                about: $about.trim_ascii(),
                written_by: $written_by,
                groups: &[$(tables!(@group
                    $field, $kind, 1 $(+ $since - 1)?, $($doc)? $($($suffix $each)+)?
                )),+],
            };

            #[doc = concat!("A row of `", $name, "`, with a `T` for each column.")]
            pub struct $row<T> {
                $(
                    #[doc = concat!($($doc)? $($($each, "; "),+)?, ".")]
                    pub $field: tables!(@type T, $($($suffix)+)?),
                )+
            }

            impl<T> Row<T> for $row<T> {
                const TABLE: &'static Table = &$table;

                fn by_name(classes: &[String], mut value: impl FnMut(&str) -> T) -> Self {
                    let _ = classes;
                    Self { $($field: tables!(@value classes, value, $field, $($($suffix)+)?)),+ }
                }

                fn into_values(self) -> Vec<T> {
                    let mut values = Vec::with_capacity(Self::TABLE.groups.len());
                    $(tables!(@push values, self.$field, $($($suffix)+)?);)+
                    values
                }
            }
        )+
    };

    (@group $field:ident, $kind:expr, $since:expr, $doc:literal) => {
        &[Column { name: stringify!($field), kind: $kind, since: $since, about: $doc }]
    };
    (@group $field:ident, $kind:expr, $since:expr, $($suffix:literal $each:literal)+) => {
        &[$(Column {
            name: concat!("{class}", $suffix),
            kind: $kind,
            since: $since,
            about: $each,
        }),+]
    };

    (@type $t:ident,) => { $t };
    (@type $t:ident, $($suffix:literal)+) => { Vec<[$t; [$($suffix),+].len()]> };

    (@value $classes:ident, $value:ident, $field:ident,) => { $value(stringify!($field)) };
    (@value $classes:ident, $value:ident, $field:ident, $($suffix:literal)+) => {
        $classes.iter().map(|class| [$($value(&format!("{class}{}", $suffix))),+]).collect()
    };

    (@push $values:ident, $value:expr,) => { $values.push($value) };
    (@push $values:ident, $value:expr, $($suffix:literal)+) => {
        $values.extend($value.into_iter().flatten())
    };
}

pub(super) use tables;
