//! The ends that a [lane](crate::task::lane) is about: what windows do to them turn by turn is noted here, and in the store
//! when the lane ends. What is done is what [`window`](super::window) carries out, its twin.

use super::window::{Board, Done, SiteNumber, set_up, take_down};
use super::{CopyEndId, CopyPlace, CopyResult, CopyState, SharedId};
use crate::Result;
use crate::error::bug;
use crate::plan::End;
use crate::store::State;
use crate::task::waitable::{clear_pending_event, set_pending_event};
use crate::task::{EventCode, PendingEvent, WaitableRef};

/// A stream's end of numbers in a guest's table, whose other end is one, too.
pub(crate) struct LaneEnd {
    pub(crate) id: CopyEndId,
    of: SharedId,
    /// The built-in of its last copy.
    site: SiteNumber,
    board: Board,
    /// What a window for it begins with.
    words: [u32; 4],
    /// What copies between the memories of both ends, if there is something yet.
    copier: Option<u32>,
    element_size: u32,
    code: EventCode,
    index: u32,
    /// Whose it is, among the members of the lane.
    pub(crate) member: usize,
    /// The other end, among the ends of the lane.
    pub(crate) other: usize,
    /// What it copies, if it does.
    copy: Option<Copying>,
    /// Whether its copy is the one that the stream waits with. Spec: `pending_buffer`.
    pending: bool,
    /// When something of its copy was done that it was not told of, among such events; 0 if nothing was.
    pub(crate) event: u64,
    /// Whether its memory is larger than it was, or the guest wants too much.
    lacks_memory: bool,
}

/// The buffer of a copy under way.
struct Copying {
    /// Where the next item is.
    ptr: u32,
    length: u32,
    progress: u32,
}

impl LaneEnd {
    /// The end `id`, if it can be one of a lane; the places are still to be set. Nothing is changed.
    pub(crate) fn of(state: &mut State, id: CopyEndId) -> Option<LaneEnd> {
        let State { ends, shared, windows, .. } = state;
        let end = ends.find(id)?;
        let this = shared.find(end.shared)?;
        let host = this.writer.is_some() || this.reader.is_some() || this.polling;
        let (other, code) = match end.end {
            End::Readable => (this.writable?, EventCode::StreamRead),
            End::Writable => (this.readable?, EventCode::StreamWrite),
        };
        let theirs = ends.find(other)?.window;
        let site = windows.site(end.window)?;
        site.options.as_ref()?;
        let (board, size) = (site.board?, Some(site.memory_size).filter(|&size| size > 0)?);
        let copy = match (end.state, &end.buffer) {
            (CopyState::Idle, _) => None,
            (CopyState::Copying, Some(buffer)) => {
                Some(Copying { ptr: u32::try_from(buffer.ptr).ok()?, length: buffer.length, progress: buffer.progress })
            }
            _ => return None,
        };
        let told = matches!(
            (end.waitable.pending_event, &copy),
            (None, _) | (Some(PendingEvent::Copy { result: CopyResult::Completed, .. }), Some(_))
        );
        if this.dropped || host || !told || end.waitable.sync_waiter.is_some() || theirs == SiteNumber::default() {
            return None;
        }
        Some(LaneEnd {
            id,
            of: end.shared,
            site: end.window,
            board,
            words: [end.index, site.of.number, size as u32, (size >> 32) as u32],
            copier: (site.copier.0 == theirs).then_some(site.copier.1),
            element_size: site.of.size,
            code,
            index: end.index,
            member: 0,
            other: 0,
            copy,
            pending: this.pending == Some(id),
            event: u64::from(end.waitable.pending_event.is_some()),
            lacks_memory: false,
        })
    }

    /// The other end of the same stream.
    pub(crate) fn other_end(&self, state: &State) -> Option<CopyEndId> {
        let this = state.shared.find(self.of)?;
        if this.readable == Some(self.id) { this.writable } else { this.readable }
    }

    /// Items that are left of its copy, and where, if the stream waits with that.
    #[inline]
    fn left(&self) -> (u32, u32) {
        match &self.copy {
            Some(copy) if self.pending => (copy.length - copy.progress, copy.ptr),
            _ => (0, 0),
        }
    }

    /// Whether a window can be opened for it when it does nothing.
    #[inline]
    pub(crate) fn has_window(&self, other: &LaneEnd) -> bool {
        self.copier.is_some() || other.left().0 == 0
    }

    /// Opens the window `I` for it, if it does nothing; says whether it did.
    #[inline]
    pub(crate) fn open<const I: usize>(&self, other: &LaneEnd) -> bool {
        if self.copy.is_some() {
            return false;
        }
        let ([handle, glue, size, more], (left, ptr)) = (self.words, other.left());
        set_up::<I>(self.board, [handle, glue, size, more, left, ptr, self.copier.unwrap_or(0)]);
        true
    }

    /// Closes the window `I`, which is open for it.
    #[inline]
    pub(crate) fn close<const I: usize>(&self) -> Done {
        take_down::<I>(self.board)
    }

    /// Tells of its event: the arguments of the callback. Spec: `stream_event`.
    #[inline]
    pub(crate) fn deliver(&mut self) -> [u64; 3] {
        let progress = self.copy.take().map_or(0, |copy| copy.progress);
        (self.pending, self.event) = (false, 0);
        [self.code as u32, self.index, CopyResult::Completed as u32 | progress << 4].map(u64::from)
    }

    /// It is about to be noted here what happens: the store forgets its event.
    pub(crate) fn take_over(&self, state: &mut State) -> Result<()> {
        clear_pending_event(state, WaitableRef::End(self.id)).map(drop)
    }

    /// Notes in the store how far it is, but for its event.
    pub(crate) fn settle(&self, state: &mut State) -> Result<()> {
        let State { ends, shared, windows, .. } = state;
        let site = windows.site(self.site).ok_or_else(|| bug!("a window of no built-in"))?;
        if self.lacks_memory {
            site.memory_size = 0;
        }
        let end = ends.get_mut(self.id)?;
        (end.state, end.buffer) = (CopyState::Idle, None);
        if let Some(Copying { ptr, length, progress }) = self.copy {
            let options = site.options.as_deref().ok_or_else(|| bug!("a window without options"))?;
            let place =
                CopyPlace { options, instance: site.of.instance, ptr: ptr.into(), length, element_size: site.of.size };
            let mut buffer = place.buffer();
            buffer.progress = progress;
            (end.state, end.buffer) = (CopyState::Copying, Some(buffer));
        }
        let this = shared.get_mut(self.of)?;
        if self.pending {
            this.pending = Some(self.id);
        } else if this.pending == Some(self.id) {
            this.pending = None;
        }
        Ok(())
    }

    /// Notes its event in the store, which wakes whoever waits for it.
    pub(crate) fn settle_event(&self, state: &mut State) -> Result<()> {
        let event = PendingEvent::Copy { result: CopyResult::Completed, reclaim: self.pending };
        set_pending_event(state, WaitableRef::End(self.id), event)
    }
}

/// Notes what was done in the window of the end `at`; gives the other end if that is told of something which it was not
/// told of before.
#[inline]
pub(crate) fn note(ends: &mut [LaneEnd], at: usize, done: &Done, now: u64) -> Option<usize> {
    let this = ends.get_mut(at)?;
    this.lacks_memory = done.memory_size == 0;
    if done.order == 0 {
        return None;
    }
    let other = this.other;
    let blocked = done.length > 0;
    if blocked {
        this.copy = Some(Copying { ptr: done.ptr, length: done.length, progress: 0 });
    }
    let bytes = done.copied * this.element_size;
    let theirs = ends.get_mut(other)?;
    let met = theirs.pending;
    if blocked {
        theirs.pending = false;
    }
    let mut told = false;
    if met && let Some(copy) = &mut theirs.copy {
        (copy.progress, copy.ptr) = (copy.progress + done.copied, copy.ptr.wrapping_add(bytes));
        told = theirs.event == 0;
        if told {
            theirs.event = now;
        }
    }
    if blocked {
        ends.get_mut(at)?.pending = true;
    }
    told.then_some(other)
}
