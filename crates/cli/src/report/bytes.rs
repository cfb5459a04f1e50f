//! Sizes for people.

/// A number of bytes, with a decimal unit.
pub fn bytes(count: usize) -> String {
    let mut unit = "B";
    let mut tenths = count;
    for next in ["KB", "MB", "GB"] {
        let divisor = if unit == "B" { 100 } else { 1000 };
        if tenths < divisor * 10 {
            break;
        }
        tenths /= divisor;
        unit = next;
    }
    if unit == "B" { format!("{count} B") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_decimal() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 KB");
        assert_eq!(bytes(999_949), "999.9 KB");
        assert_eq!(bytes(1_000_000), "1.0 MB");
        assert_eq!(bytes(19_234_567), "19.2 MB");
        assert_eq!(bytes(5_000_000_000), "5.0 GB");
    }
}
