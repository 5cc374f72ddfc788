//! The text that Windows tracert prints, in any of its languages and code pages.
//!
//! Times stand before the address. The header is a line or two in which the destination stands, in
//! brackets if a name was asked for; all other lines that are no hops say nothing. A console that was
//! too narrow breaks lines anywhere.

pub(super) mod row;
