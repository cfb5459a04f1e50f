//! The header or trailer fields of a message.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

thalweg::wit_variant! {
    /// Why fields were not changed. Spec: `wasi:http/types.header-error`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum HeaderError {
        InvalidSyntax as "invalid-syntax",
        Forbidden as "forbidden",
        Immutable as "immutable",
        SizeExceeded as "size-exceeded",
        Other(Option<String>) as "other",
    }
}

/// Bytes that the fields of one message may have, if nothing else is said.
pub const DEFAULT_MAX_FIELDS_SIZE: usize = 128 << 10;

/// What a field counts beyond its name and value, as in RFC 9113, 6.5.2: many small fields cost memory, too.
const FIELD_OVERHEAD: usize = 32;

/// Fields that belong to a connection and not to a message: guests cannot set them and do not see them.
const FORBIDDEN: [HeaderName; 9] = [
    http::header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    http::header::PROXY_AUTHENTICATE,
    http::header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    http::header::HOST,
];

/// The host object behind `wasi:http/types.fields`, of 0.2 and 0.3. Cloning shares the content until one is changed.
///
/// Order is kept, and so is the spelling of a name where it came first; equality of names knows no case.
#[derive(Debug, Clone)]
pub struct Fields {
    entries: Arc<Vec<Entry>>,
    size: usize,
    max_size: usize,
    mutable: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    name: HeaderName,
    /// As the guest wrote it, where that has capitals.
    spelled: Option<Arc<str>>,
    value: HeaderValue,
}

impl Entry {
    fn size(&self) -> usize {
        field_size(&self.name, &self.value)
    }

    fn spelling(&self) -> &str {
        self.spelled.as_deref().unwrap_or(self.name.as_str())
    }
}

fn field_size(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len() + FIELD_OVERHEAD
}

fn parse_name(name: &str) -> Result<HeaderName, HeaderError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::InvalidSyntax)
}

fn parse_value(value: &[u8]) -> Result<HeaderValue, HeaderError> {
    HeaderValue::from_bytes(value).map_err(|_| HeaderError::InvalidSyntax)
}

impl Fields {
    /// No fields, which can be changed, and may come to `max_size` bytes.
    #[must_use]
    pub fn new(max_size: usize) -> Self {
        Fields { entries: Arc::default(), size: 0, max_size, mutable: true }
    }

    /// Spec: `fields.from-list`.
    ///
    /// # Errors
    ///
    /// When a name or value is no such thing or forbidden, or there is too much.
    pub fn from_list(max_size: usize, list: Vec<(String, Vec<u8>)>) -> Result<Self, HeaderError> {
        let mut fields = Fields::new(max_size);
        for (name, value) in list {
            fields.append(&name, &value)?;
        }
        Ok(fields)
    }

    /// What came over a connection, without the fields that are about the connection. It cannot be changed.
    ///
    /// # Errors
    ///
    /// The size in bytes, when that is more than `max_size`.
    pub fn received(headers: &HeaderMap, max_size: usize) -> Result<Self, usize> {
        let of_connection = connection_options(headers);
        let mut entries = Vec::with_capacity(headers.len());
        let mut size = 0;
        for (name, value) in headers {
            if !FORBIDDEN.contains(name) && !of_connection.contains(name) {
                size += field_size(name, value);
                entries.push(Entry { name: name.clone(), spelled: None, value: value.clone() });
            }
        }
        if size > max_size {
            return Err(size);
        }
        Ok(Fields { entries: Arc::new(entries), size, max_size, mutable: false })
    }

    /// The same for the wire.
    #[must_use]
    pub fn to_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for entry in self.entries.iter() {
            // A map has room for more fields than the size allows; what did not fit would be left out, not a panic.
            let _ = headers.try_append(entry.name.clone(), entry.value.clone());
        }
        headers
    }

    /// The same content, which can be changed. Spec: `fields.clone`.
    #[must_use]
    pub fn mutable_copy(&self) -> Self {
        Fields { mutable: true, ..self.clone() }
    }

    /// The same content, which cannot be changed.
    #[must_use]
    pub fn immutable(self) -> Self {
        Fields { mutable: false, ..self }
    }

    /// Its size in bytes: names, values, and a fixed sum for each.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The values of `name`. Spec: `fields.get`.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &HeaderValue> {
        let name = parse_name(name).ok();
        self.entries.iter().filter(move |entry| Some(&entry.name) == name.as_ref()).map(|entry| &entry.value)
    }

    /// Spec: `fields.get`.
    #[must_use]
    pub fn get(&self, name: &str) -> Vec<Vec<u8>> {
        self.values(name).map(|value| value.as_bytes().to_vec()).collect()
    }

    /// Spec: `fields.has`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// Spec: `fields.copy-all`.
    #[must_use]
    pub fn copy_all(&self) -> Vec<(String, Vec<u8>)> {
        self.entries.iter().map(|entry| (entry.spelling().to_string(), entry.value.as_bytes().to_vec())).collect()
    }

    /// Spec: `fields.set`.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`]; nothing is changed then.
    pub fn set(&mut self, name: &str, values: &[Vec<u8>]) -> Result<(), HeaderError> {
        let key = self.key_to_write(name)?;
        let values = values.iter().map(|value| parse_value(value)).collect::<Result<Vec<_>, _>>()?;
        let old: usize = self.entries.iter().filter(|entry| entry.name == key).map(Entry::size).sum();
        let new: usize = values.iter().map(|value| field_size(&key, value)).sum();
        let size = self.size - old + new;
        if size > self.max_size {
            return Err(HeaderError::SizeExceeded);
        }
        let spelled = spelled(name, &key);
        let entries = Arc::make_mut(&mut self.entries);
        entries.retain(|entry| entry.name != key);
        entries.extend(values.into_iter().map(|value| Entry { name: key.clone(), spelled: spelled.clone(), value }));
        self.size = size;
        Ok(())
    }

    /// Spec: `fields.append`.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`]; nothing is changed then.
    pub fn append(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderError> {
        let key = self.key_to_write(name)?;
        let value = parse_value(value)?;
        let size = self.size + field_size(&key, &value);
        if size > self.max_size {
            return Err(HeaderError::SizeExceeded);
        }
        let spelled = match self.entries.iter().find(|entry| entry.name == key) {
            Some(first) => first.spelled.clone(),
            None => spelled(name, &key),
        };
        Arc::make_mut(&mut self.entries).push(Entry { name: key, spelled, value });
        self.size = size;
        Ok(())
    }

    /// Spec: `fields.get-and-delete`, and `fields.delete` for who does not want the values.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`]; nothing is changed then.
    pub fn get_and_delete(&mut self, name: &str) -> Result<Vec<Vec<u8>>, HeaderError> {
        self.writable()?;
        let key = parse_name(name)?;
        let mut deleted = Vec::new();
        if self.entries.iter().any(|entry| entry.name == key) {
            Arc::make_mut(&mut self.entries).retain(|entry| {
                let goes = entry.name == key;
                if goes {
                    deleted.push(entry.value.as_bytes().to_vec());
                    self.size -= entry.size();
                }
                !goes
            });
        }
        Ok(deleted)
    }

    fn writable(&self) -> Result<(), HeaderError> {
        if self.mutable { Ok(()) } else { Err(HeaderError::Immutable) }
    }

    fn key_to_write(&self, name: &str) -> Result<HeaderName, HeaderError> {
        self.writable()?;
        let key = parse_name(name)?;
        if FORBIDDEN.contains(&key) { Err(HeaderError::Forbidden) } else { Ok(key) }
    }
}

/// The spelling of `name`, where it differs from what the wire gets.
fn spelled(name: &str, key: &HeaderName) -> Option<Arc<str>> {
    (name != key.as_str()).then(|| name.into())
}

/// The names of further fields that are about the connection. Spec: RFC 9110, 7.6.1.
fn connection_options(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(http::header::CONNECTION).into_iter();
    let names = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    names.filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok()).collect()
}

#[cfg(test)]
mod tests;
