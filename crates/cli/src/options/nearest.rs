//! The name that was probably meant.

/// The name most like `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, near) = names.map(|other| (distance(name, other), other)).min_by_key(|(distance, _)| *distance)?;
    (distance <= name.len().max(near.len()) / 3).then_some(near)
}

/// How many letters have to be changed, put in or left out (the Levenshtein distance).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_near_is_meant() {
        let names = ["timeout", "fuel", "max-memory-size"];
        assert_eq!(nearest("timout", names.into_iter()), Some("timeout"));
        assert_eq!(nearest("max-memory", names.into_iter()), Some("max-memory-size"));
        assert_eq!(nearest("colour", names.into_iter()), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
