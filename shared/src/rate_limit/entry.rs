//! What an instance notes for the others to see, and how it is stored.

use super::{Level, window::Window};

/// What one instance has noted of one key or organization in one window. Only that instance writes the entry, so that
/// the last note is always right, however often it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose requests are counted.
    pub(super) level: Level,
    /// The number of the window.
    pub(super) window: i64,
    /// The instance.
    pub(super) instance: String,
    /// The requests that it has admitted in the window.
    pub(super) count: u64,
    /// The time of the note, in milliseconds since the Unix epoch.
    pub(super) at: i64,
    /// The requests that it admitted a second before the note. `None` in a sudden rush, which has not lasted a second.
    pub(super) rate: Option<u64>,
}

impl Entry {
    /// The name of the entry: `k29384756-5f0c3a91`. It holds the window, so that nobody removes an entry that was
    /// written anew since it was read.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}{}-{}", self.level.letter(), self.window, self.instance)
    }

    /// The value of the entry: `1234 17250 40`, the count, the milliseconds since the window's start, and the rate.
    #[must_use]
    pub fn value(&self) -> String {
        let offset = self.at - Window::numbered(self.window).start();
        let rate = self.rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
        format!("{} {offset} {rate}", self.count)
    }

    /// Reads an entry. `None` if another version wrote it, in a form of its own.
    #[must_use]
    pub fn read(name: &str, value: &str) -> Option<Self> {
        let level = Level::of_letter(name.chars().next()?)?;
        let (window, instance) = name[1..].split_once('-')?;
        let window = window.parse().ok()?;
        let mut fields = value.split(' ');
        let count = fields.next()?.parse().ok()?;
        let offset: i64 = fields.next()?.parse().ok()?;
        let rate = match fields.next()? {
            "-" => None,
            rate => Some(rate.parse().ok()?),
        };
        let at = Window::numbered(window).start().saturating_add(offset);
        Some(Self { level, window, instance: instance.to_owned(), count, at, rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_entry_is_read_back() {
        for level in Level::ALL {
            for rate in [None, Some(0), Some(40)] {
                let at = Window::numbered(29_384_756).start() + 17_250;
                let instance = "5f0c3a91".to_owned();
                let entry = Entry { level, window: 29_384_756, instance, count: 1234, at, rate };
                assert_eq!(Entry::read(&entry.name(), &entry.value()), Some(entry));
            }
        }
    }

    #[test]
    fn anything_else_is_passed_over() {
        let (name, value) = ("k29384756-5f0c3a91", "1234 17250 40");
        assert!(Entry::read(name, value).is_some());
        for name in ["", "k", "x29384756-5f0c3a91", "k-5f0c3a91", "k29384756", "é1-a"] {
            assert_eq!(Entry::read(name, value), None, "{name}");
        }
        for value in ["", "1234", "1234 17250", "-1 17250 40", "1234 x 40", "1234 17250 x"] {
            assert_eq!(Entry::read(name, value), None, "{value}");
        }
        assert!(Entry::read(&format!("k{}-a", i64::MAX), &format!("1 {} -", i64::MAX)).is_some());
    }
}
