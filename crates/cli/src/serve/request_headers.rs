//! `--header`: fields that every request has when the component gets it.

use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The option.
#[derive(Args, Debug, Clone)]
pub struct HeaderArgs {
    /// Adds a field to every request that the component gets, in the place of the client's of this name; can be given
    /// several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = field)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What [`HeaderArgs`] says.
#[derive(Debug, Default)]
pub struct RequestHeaders(HeaderMap);

impl HeaderArgs {
    /// The fields; those of one name stay together.
    pub fn fields(&self) -> RequestHeaders {
        let mut fields = HeaderMap::new();
        for (name, value) in self.headers.clone() {
            fields.append(name, value);
        }
        RequestHeaders(fields)
    }
}

impl RequestHeaders {
    /// Puts the fields into `headers`, in the place of those that have their names.
    pub fn put_into(&self, headers: &mut HeaderMap) {
        if !self.0.is_empty() {
            headers.extend(self.0.clone());
        }
    }
}

fn field(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("takes a name, a colon and a value: `x-name: value`")?;
    let name = name.trim().parse::<HeaderName>().map_err(|_| format!("`{name}` is no name of a header"))?;
    let value = value.trim().parse::<HeaderValue>().map_err(|_| format!("`{value}` is no value of a header"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_take_the_place_of_others() {
        let headers = ["x-a: 1", "x-b:2", "X-A: 3"].map(|text| field(text).expect(text)).to_vec();
        let mut request = HeaderMap::new();
        request.append("x-a", HeaderValue::from_static("old"));
        request.append("x-a", HeaderValue::from_static("older"));
        request.append("x-c", HeaderValue::from_static("kept"));
        HeaderArgs { headers }.fields().put_into(&mut request);
        let all = |name: &str| request.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
        assert_eq!((all("x-a"), all("x-b"), all("x-c")), (vec!["1", "3"], vec!["2"], vec!["kept"]));
        for text in ["x-a", ": 1", "x a: 1", "x-a: 1\n2"] {
            assert!(field(text).is_err(), "{text}");
        }
    }
}
