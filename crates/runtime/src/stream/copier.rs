//! What copies bytes between the memories of two guests for [windows](super::window): a core function for each pair of
//! built-ins that meet often. It is an instance of its own, because the glue is made before the memories of all guests are.

use super::window::{SiteNumber, WindowSite, memory_of, window_places};
use crate::Result;
use crate::engine::{CoreExterns, CoreInstance, StoreMut};
use crate::error::bug;
use crate::instance::options;
use crate::plan::End;
use crate::store::State;

/// Such functions in the table of one glue; the host copies for the pairs that come later.
pub(crate) const COPIERS: u32 = 16;
/// Copies between two built-ins before a function for them is made.
const WARM: u32 = 64;

/// A way from the memory of one such built-in to that of another.
pub(super) struct Way {
    sites: (SiteNumber, SiteNumber),
    /// Copies so far, until there is a function.
    seen: u32,
    copier: Copier,
}

#[derive(Clone, Copy)]
enum Copier {
    /// None yet.
    Cold,
    /// The place of the function in the table of the first one's glue.
    At(u32),
    /// There cannot be one.
    Never,
}

/// Notes with the first of two built-ins what copies between their memories, its own and the other one's. It is made when
/// it has been asked for often, or at once under seeds.
#[cold]
pub(super) fn find_copier(store: &mut StoreMut<'_>, sites: (SiteNumber, SiteNumber)) -> Result<()> {
    let State { windows, choose, .. } = store.state_mut();
    let at = windows.ways.iter().position(|way| way.sites == sites).unwrap_or(windows.ways.len());
    if at == windows.ways.len() {
        windows.ways.push(Way { sites, seen: 0, copier: Copier::Cold });
    }
    let way = &mut windows.ways[at];
    way.seen = way.seen.saturating_add(1);
    let mut copier = way.copier;
    if matches!(copier, Copier::Cold) && (!choose.is_first() || way.seen >= WARM) {
        // Without one the host copies.
        copier = make_copier(store, sites).unwrap_or(Copier::Never);
    }
    let windows = &mut store.state_mut().windows;
    windows.ways[at].copier = copier;
    if let (Copier::At(place), Some(site)) = (copier, windows.site(sites.0)) {
        site.copier = (sites.1, place);
    }
    Ok(())
}

/// Makes a function that copies between the memories of two built-ins.
#[cold]
fn make_copier(store: &mut StoreMut<'_>, (own, other): (SiteNumber, SiteNumber)) -> Result<Copier> {
    let windows = &mut store.state_mut().windows;
    let sites = [own, other].map(|number| windows.site(number).map(|site| site.of));
    let [Some(own), Some(other)] = sites else { return Ok(Copier::Never) };
    let places = window_places(store.state(), own.root)?;
    let Some(places) = places.filter(|places| places.filled < COPIERS) else { return Ok(Copier::Never) };
    let (name, component) = (if own.side == End::Readable { "read" } else { "write" }, own.root);
    let component = store.state().roots.get(component)?.component.clone();
    let module = component.code()?.copier(component.engine())?;
    let mut memory = |site: WindowSite| memory_of(options(store.state_mut(), site.root, site.options)?);
    let memories = [memory(own)?, memory(other)?];
    let instance = CoreInstance::new(store, module, &CoreExterns::from(memories.map(Into::into)))?;
    let func = instance.export(store, name).and_then(|copier| copier.func(store));
    let func = func.ok_or_else(|| bug!("a copier without `{name}`"))?;
    places.copiers.set(store, places.filled, func)?;
    let direct = store.state_mut().roots.get_mut(own.root)?.direct.as_mut();
    if let Some(windows) = direct.and_then(|direct| direct.windows.as_mut()) {
        windows.filled += 1;
    }
    Ok(Copier::At(places.filled))
}
