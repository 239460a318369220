//! The tables in `docs/performance.md`: each is between two markers, and is replaced as a whole.

use std::{fs, io, path::PathBuf};

/// A Markdown file with places for tables.
pub struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    pub fn open(path: PathBuf) -> io::Result<Self> {
        Ok(Self { text: fs::read_to_string(&path)?, path })
    }

    /// Puts a text in its place; whether there is one.
    pub fn put(&mut self, name: &str, text: &str) -> bool {
        match replaced(&self.text, name, text) {
            Some(text) => self.text = text,
            None => return false,
        }
        true
    }

    pub fn save(&self) -> io::Result<()> {
        fs::write(&self.path, &self.text)
    }
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_text_takes_the_place_of_the_former_and_leaves_the_rest() {
        let page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
        let once = replaced(page, "x", "new\n").unwrap();
        assert_eq!(once, "a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb\n");
        assert_eq!(replaced(&once, "x", "new\n"), Some(once));
        assert_eq!(replaced(page, "y", "new"), None);
    }
}
