//! How internal records are declared: `field: Kind = "kafkaName" since 1 tag 0 or default`, one row a field.
//!
//! `since` is the first version that has the field (0 where none is said), `tag` its number where it is tagged, `or`
//! what it is where it is absent, if that is not the kind's default. A tagged field at its default is not written.

use super::reader::put_varint;

/// A field's name in Kafka, and its value as JSON.
pub type NamedField = (&'static str, String);

/// Declares structures: the type, `Default` (Kafka's defaults), its bytes and its text.
macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $kind:ty = $kafka:literal
            $(since $since:literal)? $(tag $tag:literal)? $(or $default:expr)?,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::record::internal::table::structures!(@or $($default)?),)* }
            }
        }

        impl $crate::record::internal::field::Field for $name {
            fn read(
                reader: &mut $crate::record::internal::reader::Reader<'_>,
                version: i16,
            ) -> Result<Self, $crate::record::internal::reader::Malformed> {
                use $crate::record::internal::{field::Field, table::Row};
                let mut taken = Self::default();
                $(if Row::of(&[$($since)?], &[$($tag)?]).is_plain_in(version) {
                    taken.$field = Field::read(reader, version)?;
                })*
                reader.take_tags(|_tag, _field| {
                    $(if Row::of(&[$($since)?], &[$($tag)?]).is_tagged_in(version, _tag) {
                        taken.$field = Field::read(_field, version)?;
                        return Ok(true);
                    })*
                    Ok(false)
                })?;
                Ok(taken)
            }

            fn write(&self, bytes: &mut Vec<u8>, version: i16) {
                use $crate::record::internal::{field::Field, table::{Row, TaggedFields}};
                let _default = Self::default();
                $(if Row::of(&[$($since)?], &[$($tag)?]).is_plain_in(version) {
                    Field::write(&self.$field, bytes, version);
                })*
                let mut _tagged = TaggedFields::default();
                $(if let Some(tag) = Row::of(&[$($since)?], &[$($tag)?]).tag_in(version)
                    && self.$field != _default.$field
                {
                    Field::write(&self.$field, _tagged.add(tag), version);
                })*
                _tagged.put(bytes);
            }

            fn print(&self, text: &mut String) {
                $crate::record::internal::table::print_fields(text, &self.fields());
            }

            #[cfg(test)]
            fn draw(rng: &mut $crate::rng::Rng) -> Self {
                Self { $($field: $crate::record::internal::field::Field::draw(rng),)* }
            }
        }

        impl $name {
            /// The first version that has a field for all that is not at its default.
            pub fn first_version(&self) -> i16 {
                use $crate::record::internal::table::Row;
                let _default = Self::default();
                let mut _first = 0;
                $(if self.$field != _default.$field {
                    _first = Row::of(&[$($since)?], &[$($tag)?]).since.max(_first);
                })*
                _first
            }

            /// Without the tagged fields that are at their defaults.
            pub fn fields(&self) -> Vec<$crate::record::internal::table::NamedField> {
                use $crate::record::internal::table::Row;
                let _default = Self::default();
                let mut _fields = Vec::new();
                $(if !Row::of(&[$($since)?], &[$($tag)?]).is_tagged() || self.$field != _default.$field {
                    let mut text = String::new();
                    $crate::record::internal::field::Field::print(&self.$field, &mut text);
                    _fields.push(($kafka, text));
                })*
                _fields
            }
        }
    )*};
    (@or) => { Default::default() };
    (@or $default:expr) => { $default };
}
pub(super) use structures;

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub since: i16,
    tag: Option<u32>,
}

impl Row {
    /// Of what the row says, which may be nothing.
    pub const fn of(since: &[i16], tag: &[u32]) -> Self {
        let since = match since.first() {
            Some(since) => *since,
            None => 0,
        };
        Self { since, tag: tag.first().copied() }
    }

    pub const fn is_tagged(self) -> bool {
        self.tag.is_some()
    }

    pub const fn is_plain_in(self, version: i16) -> bool {
        self.tag.is_none() && version >= self.since
    }

    pub const fn tag_in(self, version: i16) -> Option<u32> {
        if version >= self.since { self.tag } else { None }
    }

    pub fn is_tagged_in(self, version: i16, tag: u32) -> bool {
        self.tag_in(version) == Some(tag)
    }
}

/// Tagged fields of one structure, written in the order of their tags.
#[derive(Debug, Default)]
pub struct TaggedFields {
    fields: Vec<(u32, Vec<u8>)>,
}

impl TaggedFields {
    /// Where the field's bytes go.
    pub fn add(&mut self, tag: u32) -> &mut Vec<u8> {
        self.fields.push((tag, Vec::new()));
        &mut self.fields.last_mut().expect("just added").1
    }

    pub fn put(mut self, bytes: &mut Vec<u8>) {
        self.fields.sort_unstable_by_key(|(tag, _)| *tag);
        put_varint(bytes, self.fields.len() as u32);
        for (tag, field) in self.fields {
            put_varint(bytes, tag);
            put_varint(bytes, field.len() as u32);
            bytes.extend_from_slice(&field);
        }
    }
}

/// A structure as a JSON object.
pub fn print_fields(text: &mut String, fields: &[NamedField]) {
    text.push('{');
    for (index, (name, value)) in fields.iter().enumerate() {
        text.push_str(if index > 0 { ",\"" } else { "\"" });
        text.push_str(name);
        text.push_str("\":");
        text.push_str(value);
    }
    text.push('}');
}
