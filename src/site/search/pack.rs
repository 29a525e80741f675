//! Numbers and sorted words as text that is short, and shorter still when it is compressed.

/// Writes a number in hexadecimal digits, most significant first. All digits but the last are written `g` to `v`
/// for 0 to 15, so that the next number can follow without a space.
pub(super) fn number(value: usize, out: &mut String) {
    let digits = (usize::BITS - value.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let digit = (value >> (place * 4)) & 15;
        let digit = if place > 0 { digit + 16 } else { digit };
        out.push(char::from(b"0123456789abcdefghijklmnopqrstuv"[digit]));
    }
}

/// Writes sorted words, one a line, each as the number of characters it shares with the one before (a digit to
/// base 36, so at most 35) and the rest of it.
pub(super) fn terms<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut before = "";
    for word in words {
        // Counted in UTF-16 units, as the browser cuts; a pair of them is never cut apart.
        let mut shared = 0;
        let mut bytes = 0;
        for (a, b) in before.chars().zip(word.chars()) {
            if a != b || shared + a.len_utf16() > 35 {
                break;
            }
            shared += a.len_utf16();
            bytes += a.len_utf8();
        }
        out.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[shared]));
        out.push_str(&word[bytes..]);
        out.push('\n');
        before = word;
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_by_themselves() {
        let mut out = String::new();
        for value in [0, 15, 16, 64, 4095, 70_000] {
            number(value, &mut out);
        }
        assert_eq!(out, ["0", "f", "h0", "k0", "vvf", "hhhn0"].concat());
    }

    #[test]
    fn words_share_what_they_begin_with() {
        assert_eq!(terms(["access", "account", "zürich", "zürs"].into_iter()), "0access\n3ount\n0zürich\n3s");
        assert_eq!(terms(std::iter::empty()), "");
        let long = "x".repeat(40);
        assert_eq!(
            terms([long.as_str(), &format!("{long}y")].into_iter()),
            format!("0{long}\nz{}y", "x".repeat(5))
        );
    }
}
