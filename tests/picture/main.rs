//! What pictures of histories show, and that they are well made.

mod accessible;
mod browser;
mod drawn;
mod looks;
mod page;
mod places;
mod readme;
mod stories;
mod story;
