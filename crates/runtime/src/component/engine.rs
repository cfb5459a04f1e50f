//! What components share: settings, the core engine, the cache of compiled code.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Component, Loaded,
    artifact::Fields,
    binary::Binary,
    cache::{CacheKey, CodeCache, Entry},
    code::{Code, generated},
};
use crate::engine::{CoreEngine, CoreModule, EngineOptions, compile_all};
use crate::plan::{Plan, Reached, bypass_shims};
use crate::{Error, ErrorKind, Features, Limits, Result};

/// What an embedder may choose, once for all stores of an engine.
#[derive(Clone, Default)]
pub struct Config {
    limits: Limits,
    features: Features,
    options: EngineOptions,
    cache: Option<Option<PathBuf>>,
    allow_precompiled: bool,
    progress: Option<Arc<Progress>>,
    no_adapters: bool,
    keep_shims: bool,
}

/// Told when compiling starts (core modules, bytes) and when it is over (`None`).
type Progress = dyn Fn(Option<(usize, usize)>) + Send + Sync;

impl Config {
    /// The defaults: shipped features, no cache, no interruption.
    #[must_use]
    pub fn new() -> Self {
        Config::default()
    }

    /// Bounds of every store.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.max_wasm_stack = limits.max_wasm_stack;
        self.options.stack_size = limits.async_stack_size;
        (self.options.max_memory_size, self.options.max_table_elements) =
            (limits.max_memory_size, limits.max_table_elements);
        self.limits = limits;
        self
    }

    /// Which gates of the standard are open.
    #[must_use]
    pub fn features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// Whether guests can be interrupted by time: see [`Engine::increment_epoch`].
    #[must_use]
    pub fn epoch_interruption(mut self, on: bool) -> Self {
        self.options.epoch_interruption = on;
        self
    }

    /// Whether guests use up fuel: see [`Store::set_fuel`](crate::Store::set_fuel).
    #[must_use]
    pub fn fuel(mut self, on: bool) -> Self {
        self.options.fuel = on;
        self
    }

    /// Whether compiled code is optimised (the default), or made fast.
    #[must_use]
    pub fn optimize(mut self, on: bool) -> Self {
        self.options.optimize = on;
        self
    }

    /// Whether calls between components that cannot wait are compiled (the default), or go through the runtime. Both do
    /// the same; the second is slower, and there to compare with.
    #[must_use]
    pub fn adapters(mut self, on: bool) -> Self {
        self.no_adapters = !on;
        self
    }

    /// Whether modules are instantiated that only stand in for functions of the host until a component's memory exists, as
    /// tools write them. The default is to leave them out, for the runtime has no need of them. Nobody can see the
    /// difference but in time and memory; it is there to compare with.
    #[must_use]
    pub fn keep_shims(mut self, on: bool) -> Self {
        self.keep_shims = on;
        self
    }

    /// Takes memories, tables and stacks from a pool with places for `instances` core instances at once, which makes
    /// instantiating several times faster. A component has a core instance for each of its core modules and for each
    /// component that makes compiled calls. The address space is reserved when the engine is made (4 GiB for each place);
    /// an instance that finds no place is refused. Default: 0, no pool.
    #[must_use]
    pub fn pooling(mut self, instances: u32) -> Self {
        self.options.pooled = instances;
        self
    }

    /// Keeps compiled code in `directory`; `None` for the user's own cache directory. The default is no cache.
    #[must_use]
    pub fn cache(mut self, directory: Option<PathBuf>) -> Self {
        self.cache = Some(directory);
        self
    }

    /// Whether files made by [`Component::precompile`] are taken. They become machine code unchecked: allow it only for
    /// files you trust as you trust a program.
    #[must_use]
    pub fn allow_precompiled(mut self, on: bool) -> Self {
        self.allow_precompiled = on;
        self
    }

    /// Calls `progress` when compiling starts, with the number of core modules and their bytes, and with `None` when it
    /// is over.
    #[must_use]
    pub fn progress(mut self, progress: impl Fn(Option<(usize, usize)>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }
}

/// Compiles components and runs them. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    config: Config,
    core: CoreEngine,
    cache: Option<CodeCache>,
}

impl Engine {
    /// An engine with this configuration.
    ///
    /// # Errors
    ///
    /// When the machine or the settings do not fit the core engine.
    pub fn new(config: Config) -> Result<Engine> {
        let core = CoreEngine::new(&config.options)?;
        let cache = config.cache.clone().and_then(CodeCache::open);
        Ok(Engine(Arc::new(Inner { config, core, cache })))
    }

    /// Moves time on for stores that have a deadline.
    pub fn increment_epoch(&self) {
        self.0.core.increment_epoch();
    }

    /// The bounds of every store.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.config.limits
    }

    pub(crate) fn features(&self) -> &Features {
        &self.0.config.features
    }

    pub(crate) fn core(&self) -> &CoreEngine {
        &self.0.core
    }

    /// See [`Config::adapters`].
    pub(super) fn has_adapters(&self) -> bool {
        !self.0.config.no_adapters
    }

    /// What is loaded, without the modules that this engine leaves out: see [`Config::keep_shims`].
    pub(super) fn slim(&self, mut loaded: Loaded) -> Loaded {
        if !self.0.config.keep_shims {
            bypass_shims(&mut loaded.plan, &loaded.bytes);
        }
        loaded
    }

    /// A component whose code is in the cache, or the bytes again. That it is there says that the component was checked, for
    /// only then is code compiled and kept; nothing of it is read before that is known.
    pub(super) fn cached(&self, bytes: Vec<u8>) -> std::result::Result<Component, Vec<u8>> {
        let entry = self.0.cache.as_ref().and_then(|cache| cache.load(&self.cache_key(&bytes)));
        let map = |code| CoreModule::trusted_file(&self.0.core, code);
        let Some(entry) = entry else { return Err(bytes) };
        match self.revive(&entry.kept, || entry.modules.into_iter().map(map).collect()) {
            Ok((plan, code)) => Ok(Component::with_code(self, Binary::Here(bytes), plan, code)),
            Err(_) => Err(bytes),
        }
    }

    /// What the code of a component is kept under.
    fn cache_key(&self, bytes: &[u8]) -> CacheKey {
        CacheKey::new(bytes, hash_of(&(self.artifact_hash(), self.has_adapters())))
    }

    /// The code of a component's modules and of what is generated for it, which is not in the cache.
    pub(super) fn compile(&self, plan: &Plan, bytes: &[u8]) -> Result<Code> {
        let reached = Reached::of(plan, bytes);
        let generated = generated(plan, reached.as_ref(), self.has_adapters())?;
        let mut sources = Vec::new();
        for module in &plan.modules {
            sources.push(bytes.get(module.range.clone()).ok_or_else(|| crate::error::bug!("a module's range"))?);
        }
        sources.extend(generated.iter().map(Vec::as_slice));
        self.announce(Some((sources.len(), sources.iter().map(|source| source.len()).sum())));
        let modules = compile_all(&self.0.core, &sources, usize::MAX);
        self.announce(None);
        let modules = modules?;
        if let Some(cache) = &self.0.cache {
            let code = modules.iter().map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
            cache.store(&self.cache_key(bytes), &code, &keep(plan, reached.as_ref()));
        }
        Code::new(&self.0.core, plan, modules, reached, self.has_adapters())
    }

    /// The code of one module that was generated when it was first needed, from the cache if it is there.
    pub(super) fn compile_late(&self, module: &[u8]) -> Result<CoreModule> {
        let Some(cache) = &self.0.cache else { return CoreModule::compile(&self.0.core, module) };
        // A component begins otherwise, so none has this key.
        let key = self.cache_key(module);
        if let Some(Entry { mut modules, .. }) = cache.load(&key)
            && let (Some(code), true) = (modules.pop(), modules.is_empty())
            && let Ok(code) = CoreModule::trusted_file(&self.0.core, code)
        {
            return Ok(code);
        }
        let code = CoreModule::compile(&self.0.core, module)?;
        cache.store(&key, &[code.serialize()?], &[]);
        Ok(code)
    }

    fn announce(&self, what: Option<(usize, usize)>) {
        if let Some(progress) = &self.0.config.progress {
            progress(what);
        }
    }

    /// What an artifact is made for: the core engine with its settings, the gates and rules with which its component was
    /// checked, since it isn't checked again, and which of its modules are compiled.
    pub(super) fn artifact_hash(&self) -> u64 {
        let Config { features, keep_shims, .. } = &self.0.config;
        hash_of(&(self.0.core.compatibility_hash(), features, keep_shims))
    }

    /// See [`Config::allow_precompiled`].
    pub(super) fn allows_precompiled(&self) -> bool {
        self.0.config.allow_precompiled
    }

    /// A plan and its code: what was [kept](keep) with the code of a component's modules, and of what was generated.
    pub(super) fn revive(&self, kept: &[u8], code: impl FnOnce() -> Result<Vec<CoreModule>>) -> Result<(Plan, Code)> {
        let Some((plan, reached)) = read_kept(kept) else {
            return Err(Error::new(ErrorKind::Malformed, "the plan in the compiled component is damaged")
                .with_hint("compile the component again"));
        };
        // Adapters may be there and not be wanted, or the reverse.
        let code = Code::new(&self.0.core, &plan, code()?, reached, self.has_adapters())?;
        Ok((plan, code))
    }
}

/// What is kept with compiled code, so that a start reads neither the component nor its modules: the plan, and what the
/// modules' code was found to reach.
pub(super) fn keep(plan: &Plan, reached: Option<&Reached>) -> Vec<u8> {
    let plan = plan.to_bytes();
    [&(plan.len() as u64).to_le_bytes()[..], &plan, reached.map_or(&[][..], Reached::bytes)].concat()
}

fn read_kept(bytes: &[u8]) -> Option<(Plan, Option<Reached>)> {
    let mut fields = Fields(bytes);
    let plan = Plan::of_bytes(fields.bytes()?)?;
    let reached = match fields.0 {
        [] => None,
        bytes => Some(Reached::read(&plan, bytes)?),
    };
    Some((plan, reached))
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
