//! Rust types that travel as one handle: resources, streams, futures.

/// The four ways of a type that has `lift(cx, ty, index)` and `lower(self, cx, ty)`; used inside of its `WitType` impl.
macro_rules! as_one_handle {
    () => {
        fn lift_flat(cx: &mut LiftCx<'_>, ty: &ValType, flat: &mut FlatIter<'_>) -> Result<Self> {
            Self::lift(cx, ty, flat.next_u32())
        }

        fn load(cx: &mut LiftCx<'_>, ty: &ValType, ptr: u64) -> Result<Self> {
            let index = cx.load_u32(ptr)?;
            Self::lift(cx, ty, index)
        }

        fn lower_flat(self, cx: &mut LowerCx<'_>, ty: &ValType, flat: &mut Flat) -> Result<()> {
            let index = self.lower(cx, ty)?;
            flat.push(u64::from(index));
            Ok(())
        }

        fn store(self, cx: &mut LowerCx<'_>, ty: &ValType, ptr: u64) -> Result<()> {
            let index = self.lower(cx, ty)?;
            cx.store_bytes(ptr, &index.to_le_bytes())
        }
    };
}
pub(crate) use as_one_handle;
