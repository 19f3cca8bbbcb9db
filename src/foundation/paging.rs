//! Pages of a listing, newest first: a cursor in, a cursor out.

/// How many rows a listing gives at most.
pub const PAGE: i64 = 50;

/// One page of a listing and where the next one begins.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Page<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// Pass this as `before` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page from `rows`, which hold one more than [`PAGE`] if there is a next page; `cursor`
    /// names a row.
    pub fn cut(mut rows: Vec<T>, cursor: impl Fn(&T) -> String) -> Self {
        let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_names_its_last_row() {
        let page = Page::cut((0..=PAGE).collect(), ToString::to_string);
        assert_eq!((page.rows.len(), page.next), (50, Some("49".to_owned())));
        assert_eq!(Page::cut((0..PAGE).collect(), ToString::to_string).next, None);
    }
}
