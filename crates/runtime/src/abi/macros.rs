//! Rust types for WIT types, declared once: `wit_record!`, `wit_variant!`, `wit_enum!`, `wit_flags!`.

/// The four ways of [`WitType`](crate::WitType) from one function that lifts and one that lowers.
#[doc(hidden)]
#[macro_export]
macro_rules! __wit_both_ways {
    ($lift:path, $lower:path) => {
        fn lift_flat(
            cx: &mut $crate::LiftCx<'_>,
            ty: &$crate::types::ValType,
            flat: &mut $crate::FlatIter<'_>,
        ) -> $crate::Result<Self> {
            $lift(cx, ty, &mut $crate::LiftFrom::Flat(flat))
        }

        fn load(cx: &mut $crate::LiftCx<'_>, ty: &$crate::types::ValType, ptr: u64) -> $crate::Result<Self> {
            $lift(cx, ty, &mut $crate::LiftFrom::Memory(ptr))
        }

        fn lower_flat(
            self,
            cx: &mut $crate::LowerCx<'_>,
            ty: &$crate::types::ValType,
            flat: &mut $crate::Flat,
        ) -> $crate::Result<()> {
            $lower(self, cx, ty, &mut $crate::LowerTo::Flat(flat))
        }

        fn store(self, cx: &mut $crate::LowerCx<'_>, ty: &$crate::types::ValType, ptr: u64) -> $crate::Result<()> {
            $lower(self, cx, ty, &mut $crate::LowerTo::Memory(ptr))
        }
    };
}

/// The payload of a case as a type: `()` when there is none.
#[doc(hidden)]
#[macro_export]
macro_rules! __wit_payload {
    () => {
        ()
    };
    ($payload:ty) => {
        $payload
    };
}

/// A name, once for each payload.
#[doc(hidden)]
#[macro_export]
macro_rules! __wit_bind {
    ($payload:ty, $name:ident) => {
        $name
    };
}

/// A payload that was bound, or `()` where there is none.
#[doc(hidden)]
#[macro_export]
macro_rules! __wit_bound {
    () => {
        ()
    };
    ($value:expr) => {
        $value
    };
}

/// A case with its payload.
#[doc(hidden)]
#[macro_export]
macro_rules! __wit_case {
    ($case:path, $value:ident) => {{
        let () = $value;
        Ok($case)
    }};
    ($case:path, $value:ident, $payload:ty) => {
        Ok($case($value))
    };
}

/// Declares a struct that stands for a WIT `record`.
///
/// Every field is public. Attributes and docs are kept.
///
/// ```
/// thalweg::wit_record! {
///     /// A moment.
///     #[derive(Debug, Clone, Copy, PartialEq)]
///     pub struct Datetime {
///         /// Whole seconds.
///         seconds: u64 as "seconds",
///         /// The rest.
///         nanoseconds: u32 as "nanoseconds",
///     }
/// }
/// assert_eq!(Datetime { seconds: 1, nanoseconds: 5 }.seconds, 1);
/// ```
#[macro_export]
macro_rules! wit_record {
    (
        $(#[$attr:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_attr:meta])* $field:ident: $ty:ty as $label:literal),+ $(,)?
        }
    ) => {
        $(#[$attr])*
        $vis struct $name {
            $(
                $(#[$field_attr])*
                #[doc = concat!("\n\nWIT: `", $label, "`.")]
                pub $field: $ty,
            )+
        }

        const _: () = {
            fn lift(
                cx: &mut $crate::LiftCx<'_>,
                ty: &$crate::types::ValType,
                from: &mut $crate::LiftFrom<'_, '_>,
            ) -> $crate::Result<$name> {
                let mut fields = $crate::declare::fields(ty)?;
                Ok($name {
                    $($field: {
                        let (ty, offset) = fields.next_field()?;
                        from.field::<$ty>(cx, ty, offset)?
                    },)+
                })
            }

            fn lower(
                value: $name,
                cx: &mut $crate::LowerCx<'_>,
                ty: &$crate::types::ValType,
                to: &mut $crate::LowerTo<'_>,
            ) -> $crate::Result<()> {
                let mut fields = $crate::declare::fields(ty)?;
                $(
                    let (ty, offset) = fields.next_field()?;
                    to.field::<$ty>(cx, ty, offset, value.$field)?;
                )+
                Ok(())
            }

            impl $crate::WitType for $name {
                fn wit_name() -> String {
                    $crate::declare::record_name(&[$(($label, <$ty as $crate::WitType>::wit_name())),+])
                }

                fn check(ty: &$crate::types::ValType, host: &$crate::HostTypes) -> $crate::Result<()> {
                    $crate::declare::check_record(
                        ty,
                        host,
                        <Self as $crate::WitType>::wit_name,
                        &[$(($label, <$ty as $crate::WitType>::check)),+],
                    )
                }

                $crate::__wit_both_ways!(lift, lower);
            }
        };
    };
}

/// Declares an enum that stands for a WIT `variant`.
///
/// ```
/// thalweg::wit_variant! {
///     /// How long a list is.
///     #[derive(Debug, Clone)]
///     pub enum Length {
///         /// Nobody knows.
///         Unknown as "unknown",
///         /// As many.
///         Known(u64) as "known",
///     }
/// }
/// assert!(matches!(Length::Known(3), Length::Known(3)));
/// ```
#[macro_export]
macro_rules! wit_variant {
    (
        $(#[$attr:meta])*
        $vis:vis enum $name:ident {
            $($(#[$case_attr:meta])* $case:ident $(($payload:ty))? as $label:literal),+ $(,)?
        }
    ) => {
        $(#[$attr])*
        $vis enum $name {
            $(
                $(#[$case_attr])*
                #[doc = concat!("\n\nWIT: `", $label, "`.")]
                $case $(($payload))?,
            )+
        }

        const _: () = {
            /// The cases by number.
            #[repr(u32)]
            #[allow(clippy::enum_variant_names, reason = "the names are the caller's")]
            enum Number {
                $($case),+
            }

            fn lift(
                cx: &mut $crate::LiftCx<'_>,
                ty: &$crate::types::ValType,
                from: &mut $crate::LiftFrom<'_, '_>,
            ) -> $crate::Result<$name> {
                let case = from.case(cx, ty)?;
                match case.number() {
                    $(number if number == Number::$case as u32 => {
                        let value = from.payload::<$crate::__wit_payload!($($payload)?)>(cx, &case)?;
                        $crate::__wit_case!($name::$case, value $(, $payload)?)
                    })+
                    number => Err($crate::declare::unknown_case(number)),
                }
            }

            fn lower(
                value: $name,
                cx: &mut $crate::LowerCx<'_>,
                ty: &$crate::types::ValType,
                to: &mut $crate::LowerTo<'_>,
            ) -> $crate::Result<()> {
                match value {
                    $($name::$case $(($crate::__wit_bind!($payload, payload)))? => {
                        let case = to.case(cx, ty, Number::$case as u32)?;
                        to.payload(cx, &case, $crate::__wit_bound!($($crate::__wit_bind!($payload, payload))?))
                    })+
                }
            }

            impl $crate::WitType for $name {
                fn wit_name() -> String {
                    $crate::declare::variant_name(&[
                        $(($label, <$crate::__wit_payload!($($payload)?) as $crate::Payload>::payload_name())),+
                    ])
                }

                fn check(ty: &$crate::types::ValType, host: &$crate::HostTypes) -> $crate::Result<()> {
                    $crate::declare::check_variant(
                        ty,
                        host,
                        <Self as $crate::WitType>::wit_name,
                        &[$((
                            $label,
                            <$crate::__wit_payload!($($payload)?) as $crate::Payload>::check_payload,
                        )),+],
                    )
                }

                $crate::__wit_both_ways!(lift, lower);
            }
        };
    };
}

/// Declares an enum that stands for a WIT `enum`. It is `Copy`, comparable and hashable.
///
/// ```
/// thalweg::wit_enum! {
///     /// Why not.
///     pub enum ErrorCode {
///         /// Not allowed.
///         Access as "access",
///         /// Later.
///         WouldBlock as "would-block",
///     }
/// }
/// assert_eq!(ErrorCode::WouldBlock.label(), "would-block");
/// ```
#[macro_export]
macro_rules! wit_enum {
    (
        $(#[$attr:meta])*
        $vis:vis enum $name:ident {
            $($(#[$case_attr:meta])* $case:ident as $label:literal),+ $(,)?
        }
    ) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $(
                $(#[$case_attr])*
                #[doc = concat!("\n\nWIT: `", $label, "`.")]
                $case,
            )+
        }

        #[allow(dead_code, reason = "not every user asks for labels")]
        impl $name {
            /// Every case, in the order of the type.
            pub const ALL: &'static [$name] = &[$($name::$case),+];

            /// The case's name in WIT.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $($name::$case => $label,)+
                }
            }
        }

        const _: () = {
            fn lift(
                cx: &mut $crate::LiftCx<'_>,
                ty: &$crate::types::ValType,
                from: &mut $crate::LiftFrom<'_, '_>,
            ) -> $crate::Result<$name> {
                let case = from.case(cx, ty)?;
                from.payload::<()>(cx, &case)?;
                match $name::ALL.get(case.number() as usize) {
                    Some(value) => Ok(*value),
                    None => Err($crate::declare::unknown_case(case.number())),
                }
            }

            fn lower(
                value: $name,
                cx: &mut $crate::LowerCx<'_>,
                ty: &$crate::types::ValType,
                to: &mut $crate::LowerTo<'_>,
            ) -> $crate::Result<()> {
                let case = to.case(cx, ty, value as u32)?;
                to.payload(cx, &case, ())
            }

            impl $crate::WitType for $name {
                fn wit_name() -> String {
                    $crate::declare::name_of("enum", &[$($label),+])
                }

                fn check(ty: &$crate::types::ValType, _host: &$crate::HostTypes) -> $crate::Result<()> {
                    $crate::declare::check_enum(ty, &[$($label),+])
                }

                $crate::__wit_both_ways!(lift, lower);
            }
        };
    };
}

/// Declares a set of bits that stands for WIT `flags` of up to 32 labels. It is `Copy`, comparable and hashable.
///
/// ```
/// thalweg::wit_flags! {
///     /// How to open.
///     pub struct OpenFlags {
///         /// Make it.
///         CREATE as "create",
///         /// Only when it is new.
///         EXCLUSIVE as "exclusive",
///     }
/// }
/// let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
/// assert!(flags.contains(OpenFlags::CREATE) && flags.bits() == 3);
/// ```
#[macro_export]
macro_rules! wit_flags {
    (
        $(#[$attr:meta])*
        $vis:vis struct $name:ident {
            $($(#[$flag_attr:meta])* $flag:ident as $label:literal),+ $(,)?
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        $vis struct $name(u32);

        const _: () = {
            /// The flags by number.
            #[repr(u32)]
            #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names are those of the constants")]
            enum Number {
                $($flag),+
            }

            const LABELS: &[&str] = &[$($label),+];

            #[allow(dead_code, reason = "not every user needs every operation")]
            impl $name {
                $(
                    $(#[$flag_attr])*
                    #[doc = concat!("\n\nWIT: `", $label, "`.")]
                    pub const $flag: $name = $name(1 << Number::$flag as u32);
                )+

                /// No flag.
                #[must_use]
                pub const fn empty() -> $name {
                    $name(0)
                }

                /// Every flag.
                #[must_use]
                pub const fn all() -> $name {
                    $name(0 $(| $name::$flag.0)+)
                }

                /// The flags of these bits, the first label is bit 0; bits without a label are dropped.
                #[must_use]
                pub const fn from_bits(bits: u32) -> $name {
                    $name(bits & $name::all().0)
                }

                /// The bits; the first label is bit 0.
                #[must_use]
                pub const fn bits(self) -> u32 {
                    self.0
                }

                /// Whether there is no flag.
                #[must_use]
                pub const fn is_empty(self) -> bool {
                    self.0 == 0
                }

                /// Whether all of `other` are there.
                #[must_use]
                pub const fn contains(self, other: $name) -> bool {
                    self.0 & other.0 == other.0
                }

                /// Whether any of `other` is there.
                #[must_use]
                pub const fn intersects(self, other: $name) -> bool {
                    self.0 & other.0 != 0
                }

                /// The flags of both.
                #[must_use]
                pub const fn union(self, other: $name) -> $name {
                    $name(self.0 | other.0)
                }

                /// The flags that are not in `other`.
                #[must_use]
                pub const fn difference(self, other: $name) -> $name {
                    $name(self.0 & !other.0)
                }
            }

            impl ::std::ops::BitOr for $name {
                type Output = $name;

                fn bitor(self, other: $name) -> $name {
                    self.union(other)
                }
            }

            impl ::std::ops::BitOrAssign for $name {
                fn bitor_assign(&mut self, other: $name) {
                    *self = self.union(other);
                }
            }

            impl ::std::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    let set = LABELS.iter().enumerate().filter(|(i, _)| self.0 & (1 << i) != 0);
                    f.debug_set().entries(set.map(|(_, label)| label)).finish()
                }
            }

            fn lift(
                cx: &mut $crate::LiftCx<'_>,
                ty: &$crate::types::ValType,
                from: &mut $crate::LiftFrom<'_, '_>,
            ) -> $crate::Result<$name> {
                $crate::declare::lift_flags(cx, ty, from).map($name)
            }

            fn lower(
                value: $name,
                cx: &mut $crate::LowerCx<'_>,
                ty: &$crate::types::ValType,
                to: &mut $crate::LowerTo<'_>,
            ) -> $crate::Result<()> {
                $crate::declare::lower_flags(value.0, cx, ty, to)
            }

            impl $crate::WitType for $name {
                fn wit_name() -> String {
                    $crate::declare::name_of("flags", LABELS)
                }

                fn check(ty: &$crate::types::ValType, _host: &$crate::HostTypes) -> $crate::Result<()> {
                    $crate::declare::check_flags(ty, LABELS)
                }

                $crate::__wit_both_ways!(lift, lower);
            }
        };
    };
}
