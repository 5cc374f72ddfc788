//! When the answers of many targets are those of one box that answers in their name.

/// How many targets of a routed prefix must have been asked before it means anything how many of them answer.
pub const FEWEST_ASKED: usize = 16;
/// Nine of ten that answer alike are too many: real networks are mostly empty, and the first and the last address
/// of one belong to no host.
const MOST_HOSTS: (usize, usize) = (9, 10);

/// Whether one box answers, where so many of the targets `asked` in a routed prefix `answer` alike.
#[must_use]
pub const fn is_one_box(answer: usize, asked: usize) -> bool {
    asked >= FEWEST_ASKED && answer * MOST_HOSTS.1 >= asked * MOST_HOSTS.0
}

#[cfg(test)]
mod tests {
    use super::is_one_box;

    #[test]
    fn nine_of_ten_answers_are_one_box_and_few_targets_show_nothing() {
        for (answer, asked, is_box) in [
            (0, 0, false),
            (15, 15, false),
            (14, 16, false),
            (15, 16, true),
            (230, 256, false),
            (231, 256, true),
        ] {
            assert_eq!(is_one_box(answer, asked), is_box, "{answer} of {asked}");
        }
    }
}
