"""Runs random scripts in the standard's executable specification and prints what each step answers.

    THALWEG_DEFINITIONS=/path/to/definitions.py python3 oracle.py FIRST_SEED COUNT

One script a line: `seed instances blocking choices|step=answer|step=answer|...`. A step is a word and numbers, the first
of them the instance; an answer is a number, or `trap`, which ends the script. The guests are in `src/driver.rs`.

What the specification leaves open is chosen at random, and written down as `chosen/among` in the order in which it was
chosen: threads and events are numbered by when they began to wait. A choice among one is none. `Amended` holds what was
merged into the standard after the text at WebAssembly/component-model 6d28164.
"""

import importlib.util
import itertools
import os
import random
import sys
import threading
import traceback


def definitions():
    """The specification; while a function that is not async waits, every thread of its instance may run."""
    path = os.environ['THALWEG_DEFINITIONS']
    with open(path, encoding='utf-8') as file:
        text = file.read()
    excluded = ' and t is not inst.exclusive_thread'
    assert text.count(excluded) == 1
    spec = importlib.util.spec_from_file_location('definitions', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules['definitions'] = module
    exec(compile(text.replace(excluded, ''), path, 'exec'), module.__dict__)
    return module


D = definitions()
D.DETERMINISTIC_PROFILE = True
threading.stack_size(256 * 1024)

U8, U32 = D.U8Type(), D.U32Type()
STREAM, FUTURE = D.StreamType(U8), D.FutureType(U8)
MEMORY = 4096
SET = 1  # every instance begins with a waitable set, whose handle is 1
clock = itertools.count()


class Amended:
    """Later rules of the standard."""

    def wait_until(self, ready_func, cancellable=False):
        # The text leaves it open whether a thread waits for what is there already: in the middle of core code it does not.
        if not cancellable and not self.yields and ready_func():
            return D.Cancelled.FALSE
        in_loop = cancellable and self.task.state != D.Task.State.INITIAL
        if self.task.deliver_pending_cancel(cancellable):
            return D.Cancelled.TRUE

        def ready():
            if in_loop and self.task.state == D.Task.State.PENDING_CANCEL:
                return self.task.inst.exclusive_thread is None
            return ready_func()
        self.start_waiting_internal(ready)
        cancelled = self.block_internal(cancellable)
        return D.Cancelled.TRUE if self.task.deliver_pending_cancel(cancellable) else cancelled

    def yield_(self, cancellable):
        self.yields = True
        cancelled = self.wait_until(lambda: True, cancellable)
        self.yields = False
        return cancelled

    def request_cancellation(self, caller):
        if self.state == D.Task.State.INITIAL:
            self.state = D.Task.State.CANCEL_DELIVERED
            self.implicit_thread.resume(D.Cancelled.TRUE)
            return
        self.state = D.Task.State.PENDING_CANCEL
        thread = self.implicit_thread
        if thread in self.threads and thread.waiting() and thread.cancellable and thread.ready():
            thread.resume()

    def subtask_cancel(original):
        def cancel(async_, i):
            subtask = D.current_instance().handles.get(i)
            D.trap_if(not isinstance(subtask, D.Subtask))
            D.trap_if(subtask.resolve_delivered())
            D.trap_if(subtask.cancellation_requested)
            D.trap_if(subtask.in_waitable_set())
            return original(async_, i)
        return cancel

    def cancel_copy(original):
        def cancel(end_type, event_code, t, async_, i):
            [payload] = original(end_type, event_code, t, async_, i)
            stream = event_code in (D.EventCode.STREAM_READ, D.EventCode.STREAM_WRITE)
            completed = stream and payload & 0xf == D.CopyResult.COMPLETED
            return [payload | D.CopyResult.CANCELLED if completed else payload]
        return cancel

    def end_init(original):
        def init(self, shared):
            original(self, shared)
            if not hasattr(shared, 'guest_ends'):
                shared.guest_ends = {}
            shared.guest_ends[type(self)] = self
        return init

    def lift_async_value(original):
        def lift(end_type, cx, i, t):
            shared = original(end_type, cx, i, t)
            shared.guest_ends.pop(end_type, None)
            return shared
        return lift

    def lower_stream(original):
        def lower(cx, v, t):
            i = original(cx, v, t)
            if v.dropped:
                notify(cx.inst.handles.get(i))
            return i
        return lower

    def drop(self):
        D.trap_if(self.copying())
        first = not self.shared.dropped
        self.shared.drop()
        self.shared.guest_ends.pop(type(self), None)
        self.pending_event = None
        D.Waitable.drop(self)
        if first:
            for peer in self.shared.guest_ends.values():
                notify(peer)

    def future_drop(self):
        # The text asserts the other kind of buffer, which was a mistake.
        if not self.dropped:
            self.dropped = True
            if self.pending_buffer:
                self.reset_and_notify_pending(D.CopyResult.DROPPED)

    def reset_pending(original):
        def reset(self):
            while hasattr(self, 'forwarded_to'):
                self = self.forwarded_to
            original(self)
        return reset

    def set_event(self):
        pending = [w for w in self.elems if w.has_pending_event()]
        return D.random.choice(sorted(pending, key=lambda w: w.since)).get_pending_event()

    def set_pending_event(self, event):
        if not self.has_pending_event():
            self.since = next(clock)
        self.pending_event = event

    def join(original):
        def join(self, wset):
            original(self, wset)
            self.since = next(clock)
        return join


def notify(end):
    """The other end is gone: an idle end hears of it, and a copy that was over but not delivered ends with DROPPED."""
    stream = isinstance(end, D.ReadableStreamEnd | D.WritableStreamEnd)
    code = {D.ReadableStreamEnd: D.EventCode.STREAM_READ, D.WritableStreamEnd: D.EventCode.STREAM_WRITE,
            D.WritableFutureEnd: D.EventCode.FUTURE_WRITE}.get(type(end))
    if end.state == D.CopyState.IDLE and code is not None:
        def event():
            end.state = D.CopyState.DONE
            return (code, end.index, int(D.CopyResult.DROPPED))
        end.set_pending_event(event)
    elif stream and end.state == D.CopyState.COPYING and end.has_pending_event():
        before = end.pending_event

        def event():
            code, index, payload = before()
            end.state = D.CopyState.DONE
            return (code, index, payload & ~0xf | D.CopyResult.DROPPED)
        end.set_pending_event(event)


def forward(readable_class, writable_class, inst, ri, wi):
    """Both ends are given up; who writes to the first writes to the reader of the second."""
    ends = []
    for index, cls in ((ri, readable_class), (wi, writable_class)):
        end = inst.handles.get(index)
        D.trap_if(not isinstance(end, cls))
        D.trap_if(end.state != D.CopyState.IDLE)
        D.trap_if(end.in_waitable_set())
        inst.handles.remove(index)
        ends.append(end)
    source, target = ends[0].shared, ends[1].shared
    if source is target or source.dropped or target.dropped:
        for end in ends:
            Amended.drop(end)
        return [0]
    for end in ends:
        end.shared.guest_ends.pop(type(end))
    for writer in source.guest_ends.values():
        writer.shared = target
        target.guest_ends[type(writer)] = writer
    waiting = [shared for shared in (source, target) if shared.pending_buffer]
    states = [{k: v for k, v in vars(shared).items() if k.startswith('pending_')} for shared in waiting]
    source.forwarded_to = target
    if len(states) == 2:
        write, read = states
        read_is_bigger = read['pending_buffer'].remain() > write['pending_buffer'].remain()
        bigger, smaller = (read, write) if read_is_bigger else (write, read)
        vars(target).update(bigger)
        copy = target.write if smaller is write else target.read
        copy(*smaller.values())
    elif states:
        vars(target).update(states[0])
    return [0]


def amend():
    D.ComponentInstance.may_enter_from = lambda self, caller: True
    D.ComponentInstance.enter_from = lambda self, caller: None
    D.ComponentInstance.leave_to = lambda self, caller: None
    D.Thread.wait_until = Amended.wait_until
    D.Thread.yield_ = Amended.yield_
    D.Thread.yields = False
    D.Task.request_cancellation = Amended.request_cancellation
    D.canon_subtask_cancel = Amended.subtask_cancel(D.canon_subtask_cancel)
    D.cancel_copy = Amended.cancel_copy(D.cancel_copy)
    D.CopyEnd.__init__ = Amended.end_init(D.CopyEnd.__init__)
    D.lift_async_value = Amended.lift_async_value(D.lift_async_value)
    D.lower_stream = Amended.lower_stream(D.lower_stream)
    D.CopyEnd.drop = Amended.drop
    D.SharedFutureImpl.drop = Amended.future_drop
    for cls in (D.SharedStreamImpl, D.SharedFutureImpl):
        cls.reset_pending = Amended.reset_pending(cls.reset_pending)
    D.WaitableSet.get_pending_event = Amended.set_event
    D.Waitable.set_pending_event = Amended.set_pending_event
    D.Waitable.join = Amended.join(D.Waitable.join)
    add = D.Table.add

    def add_end(self, e):
        i = add(self, e)
        if isinstance(e, D.CopyEnd):
            e.index = i
        return i
    D.Table.add = add_end


class Choices:
    """Stands for the module `random` in the specification."""

    def __init__(self, source):
        self.source, self.made = source, []

    def choice(self, candidates):
        if isinstance(candidates[0], D.Thread):
            waiting = candidates[0].task.inst.store.waiting
            candidates = sorted(candidates, key=waiting.index)
        if len(candidates) == 1:
            return candidates[0]
        chosen = self.source.randrange(len(candidates))
        self.made.append((chosen, len(candidates)))
        return candidates[chosen]


class Instance:
    """The driver component's other half: what `differential.rs` writes in WAT."""

    def __init__(self, world, number):
        self.world, self.number = world, number
        self.inst = D.ComponentInstance(world.store)
        self.inst.may_enter = False
        self.mem = D.MemInst(bytearray(MEMORY), 'i32')
        self.opts = D.CanonicalOptions(memory=self.mem)
        self.async_opts = D.CanonicalOptions(memory=self.mem, async_=True)
        self.hash = 0
        self.inst.handles.add(D.WaitableSet())

    def note(self, *words):
        for word in words:
            self.hash = (self.hash * 31 + int(word)) & 0xffffffff

    def job(self, args):
        [mode] = args
        D.canon_context_set('i32', 0, mode)
        if mode == 0:
            D.canon_task_return([U32], D.LiftOptions(memory=self.mem), [100])
            return [0]
        return [1 if mode in (1, 4) else 2 | SET << 4]

    def callback(self, args):
        event, p1, p2 = args
        [mode] = D.canon_context_get('i32', 0)
        self.note(mode, event, p1, p2)
        if event == D.EventCode.TASK_CANCELLED and mode != 3:
            D.canon_task_cancel()
            return [0]
        if mode == 4:
            D.canon_context_set('i32', 0, 1)
            return [1]
        if mode == 5:
            D.canon_context_set('i32', 0, 2)
            return [2 | SET << 4]
        D.canon_task_return([U32], D.LiftOptions(memory=self.mem), [100 + mode])
        return [0]

    def hold(self, mode):
        event, words = 0, [0, 0]
        if mode & 1:
            D.canon_thread_yield(False)
        else:
            [event] = D.canon_waitable_set_wait(False, self.mem, SET, 192)
            words = [int.from_bytes(self.mem.bytes[at:at + 4], 'little') for at in (192, 196)]
        self.note(mode, event, *words)

    def held(self, args):
        self.hold(*args)
        return [100 + args[0]]

    def stack(self, args):
        self.hold(*args)
        D.canon_task_return([U32], D.LiftOptions(memory=self.mem), [100 + args[0]])
        return []

    def job_func(self, mode):
        ft = D.FuncType([('m', U32)], [U32], async_=True)
        if mode < 6:
            core, opts = self.job, D.CanonicalOptions(memory=self.mem, async_=True, callback=self.callback)
        elif mode < 8:
            core, opts = self.held, D.CanonicalOptions(memory=self.mem)
        else:
            core, opts = self.stack, D.CanonicalOptions(memory=self.mem, async_=True)
        return self.world.store.lift(core, ft, opts, self.inst), ft

    def folded(self, code):
        words = [int.from_bytes(self.mem.bytes[at:at + 4], 'little') for at in (4, 8)]
        return [(int(code) * 31 + words[0]) * 31 + words[1] & 0xffffffff]

    def step(self, word, a):
        o, ao = self.opts, self.async_opts
        match word:
            case 'stream.new': return fold(D.canon_stream_new(STREAM))
            case 'future.new': return fold(D.canon_future_new(FUTURE))
            case 'stream.read': return D.canon_stream_read(STREAM, ao, *a)
            case 'stream.write': return D.canon_stream_write(STREAM, ao, *a)
            case 'future.read': return D.canon_future_read(FUTURE, ao, *a)
            case 'future.write': return D.canon_future_write(FUTURE, ao, *a)
            case 'stream.cancel-read': return D.canon_stream_cancel_read(STREAM, True, *a)
            case 'stream.cancel-write': return D.canon_stream_cancel_write(STREAM, True, *a)
            case 'future.cancel-read': return D.canon_future_cancel_read(FUTURE, True, *a)
            case 'future.cancel-write': return D.canon_future_cancel_write(FUTURE, True, *a)
            case 'stream.drop-readable': return D.canon_stream_drop_readable(STREAM, *a) or [0]
            case 'stream.drop-writable': return D.canon_stream_drop_writable(STREAM, *a) or [0]
            case 'future.drop-readable': return D.canon_future_drop_readable(FUTURE, *a) or [0]
            case 'future.drop-writable': return D.canon_future_drop_writable(FUTURE, *a) or [0]
            case 'stream.forward': return forward(D.ReadableStreamEnd, D.WritableStreamEnd, self.inst, *a)
            case 'future.forward': return forward(D.ReadableFutureEnd, D.WritableFutureEnd, self.inst, *a)
            case 'set.new': return D.canon_waitable_set_new()
            case 'set.drop': return D.canon_waitable_set_drop(*a) or [0]
            case 'join': return D.canon_waitable_join(*a) or [0]
            case 'poll':
                [code] = D.canon_waitable_set_poll(False, self.mem, a[0], 4)
                return self.folded(code)
            case 'wait':
                [code] = D.canon_waitable_set_wait(False, self.mem, a[0], 4)
                return self.folded(code)
            case 'subtask.cancel': return D.canon_subtask_cancel(True, *a)
            case 'subtask.drop': return D.canon_subtask_drop(*a) or [0]
            case 'inc': return D.canon_backpressure_inc() or [0]
            case 'dec': return D.canon_backpressure_dec() or [0]
            case 'call':
                callee, mode = a
                func, ft = self.world.instances[callee].job_func(mode)
                return self.world.store.lower(func, ft, ao, self.inst)([mode, 120])
            case 'hash':
                crc = self.hash
                for byte in self.mem.bytes[64:128]:
                    crc = crc * 31 + byte & 0xffffffff
                return [crc]
        assert False, word


def fold(result):
    [ends] = result
    return [ends & 0xffff | (ends >> 32) << 16]


class World:
    def __init__(self, count):
        self.store = D.Store()
        self.instances = [Instance(self, number) for number in range(count)]
        for number, this in enumerate(self.instances):
            for at in range(256):
                this.mem.bytes[256 + at] = (number * 64 + at) & 0xff

    def call(self, instance, params, results, core, args):
        """Calls a function that is not async; gives its result, or none after a trap."""
        this, out = self.instances[instance], []
        trapped = []

        def guarded(flat):
            try:
                return [int(v) for v in core(flat)]
            except D.Trap:
                trapped.append(True)
                raise
        ft = D.FuncType(params, results)
        func = self.store.lift(guarded, ft, this.opts, this.inst)
        self.store.invoke(func, lambda: args, lambda result: out.append(result))
        return out[0] if out else None

    def step(self, word, instance, *a):
        if word == 'tick':
            return self.tick()
        if word == 'pass-stream' or word == 'pass-future':
            ty = STREAM if word == 'pass-stream' else FUTURE
            value = self.call(instance, [], [ty], lambda flat: [a[0]], [])
            handle = []

            def take(flat):
                handle.extend(flat)
                return []
            self.call(a[1], [('s', ty)], [], take, value)
            return handle[0]
        return self.call(instance, [], [U32], lambda flat: self.instances[instance].step(word, a), [])[0]

    def tick(self):
        ready = [t for t in self.store.waiting if t.ready()]
        if not ready:
            return 0
        D.random.choice(ready).resume()
        return 1


def end_class(word):
    """The ends that a word is about."""
    writes = 'writ' in word
    if 'stream' in word:
        return D.WritableStreamEnd if writes else D.ReadableStreamEnd
    return D.WritableFutureEnd if writes else D.ReadableFutureEnd


class Script:
    """Generates a script while it runs, so that most steps make sense."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = self.random.randint(2, 4)
        self.blocking = self.random.random() < 0.5
        self.words = WORDS + ['wait'] if self.blocking else WORDS
        D.random = self.choices = Choices(self.random)
        self.world = World(self.count)
        self.seed = seed

    def pick(self, instance, kinds):
        handles = self.world.instances[instance].inst.handles.array
        fit = [i for i, e in enumerate(handles) if e is not None and isinstance(e, kinds)]
        if fit and self.random.random() < 0.97:
            return self.random.choice(fit)
        return self.random.randrange(1, len(handles) + 1)

    def next(self):
        r = self.random
        i = r.randrange(self.count)
        ptr, n = 256 + r.randrange(128), r.choice([0, 0, 1, 2, 3, 4, 8])
        word = r.choice(self.words)
        match word:
            case 'stream.new' | 'future.new' | 'set.new' | 'inc' | 'dec' | 'hash' | 'tick': return (word, i)
            case 'stream.read': return (word, i, self.pick(i, D.ReadableStreamEnd), 64 + r.randrange(32), n)
            case 'stream.write': return (word, i, self.pick(i, D.WritableStreamEnd), ptr, n)
            case 'future.read': return (word, i, self.pick(i, D.ReadableFutureEnd), 64 + r.randrange(32))
            case 'future.write': return (word, i, self.pick(i, D.WritableFutureEnd), ptr)
            case 'stream.cancel-read' | 'stream.drop-readable': return (word, i, self.pick(i, D.ReadableStreamEnd))
            case 'stream.cancel-write' | 'stream.drop-writable': return (word, i, self.pick(i, D.WritableStreamEnd))
            case 'future.cancel-read' | 'future.drop-readable': return (word, i, self.pick(i, D.ReadableFutureEnd))
            case 'future.cancel-write' | 'future.drop-writable': return (word, i, self.pick(i, D.WritableFutureEnd))
            case 'stream.forward':
                return (word, i, self.pick(i, D.ReadableStreamEnd), self.pick(i, D.WritableStreamEnd))
            case 'future.forward':
                return (word, i, self.pick(i, D.ReadableFutureEnd), self.pick(i, D.WritableFutureEnd))
            case 'set.drop' | 'poll' | 'wait': return (word, i, self.pick(i, D.WaitableSet))
            case 'join': return (word, i, self.pick(i, D.Waitable), r.choice([0, SET, SET, self.pick(i, D.WaitableSet)]))
            case 'subtask.cancel' | 'subtask.drop': return (word, i, self.pick(i, D.Subtask))
            case 'pass-stream': return (word, i, self.pick(i, D.ReadableStreamEnd), r.randrange(self.count))
            case 'pass-future': return (word, i, self.pick(i, D.ReadableFutureEnd), r.randrange(self.count))
            case 'call': return ('call', max(i, 1), r.randrange(max(i, 1)), r.randrange(10 if self.blocking else 6))
        assert False, word

    def sensible(self, step):
        """Most steps that would trap are left out, or scripts would be short."""
        word, i, *a = step
        inst = self.world.instances[i].inst
        element = inst.handles.array[a[0]] if a and word != 'call' and a[0] < len(inst.handles.array) else None
        if word.endswith('.forward'):
            classes = (end_class(word + 'read'), end_class(word + 'write'))
            ends = [inst.handles.array[index] if index < len(inst.handles.array) else None for index in a]
            return all(isinstance(end, cls) and end.state == D.CopyState.IDLE and not end.in_waitable_set()
                       for end, cls in zip(ends, classes))
        if word.startswith(('stream.', 'future.')) and word not in ('stream.new', 'future.new'):
            if not isinstance(element, end_class(word)):
                return False
            if 'cancel' in word:
                return element.state == D.CopyState.COPYING
            if word == 'future.drop-writable':
                return element.state == D.CopyState.DONE
            return not element.copying() if 'drop' in word else element.state == D.CopyState.IDLE
        match word:
            case 'dec': return inst.backpressure > 0
            case 'set.drop': return a[0] != SET and isinstance(element, D.WaitableSet) and not element.elems
            case 'poll': return isinstance(element, D.WaitableSet)
            case 'wait':
                waits = self.random.random() < 0.2 and any(t.ready() for t in inst.threads)
                return isinstance(element, D.WaitableSet) and (element.has_pending_event() or waits)
            case 'join': return isinstance(element, D.Waitable)
            case 'subtask.drop': return isinstance(element, D.Subtask) and element.resolve_delivered()
            case 'subtask.cancel':
                return isinstance(element, D.Subtask) and not element.resolve_delivered() \
                    and not element.cancellation_requested and not element.in_waitable_set()
            case 'pass-stream' | 'pass-future':
                return isinstance(element, end_class(word)) and element.state == D.CopyState.IDLE \
                    and not element.in_waitable_set()
        return True

    def run(self):
        line = []
        for _ in range(self.random.randint(50, 600)):
            step = self.next()
            if not self.sensible(step) and self.random.random() < 0.998:
                continue
            try:
                answer = self.world.step(*step)
            except (D.Trap, Trapped):
                answer = 'trap'
            line.append(' '.join(map(str, step)) + f'={answer}')
            if answer == 'trap':
                break
        choices = ','.join(f'{chosen}/{count}' for chosen, count in self.choices.made)
        print('|'.join([f'{self.seed} {self.count} {int(self.blocking)} {choices}', *line]), flush=True)


class Trapped(Exception):
    """A guest trapped: the specification raises it in the guest's own thread."""


def carry_traps():
    """A trap in a thread of the specification ends the step in ours, and leaves no thread behind that waits for it."""
    def cont_new(f):
        cont = D.Continuation()
        cont.lock = D.new_already_acquired_lock()

        def thread_base():
            cont.lock.acquire()
            D.thread_local_handler.value = cont.handler
            trapped, block_arg = False, None
            try:
                block_arg = f(cont.block_result)
            except (D.Trap, Trapped):
                trapped = True
            except BaseException:
                # A fault of this program or of the specification: nobody would wake who waits for this thread.
                traceback.print_exc()
                os._exit(1)
            handler = D.thread_local_handler.value
            handler.cont, handler.block_arg, handler.trapped = None, block_arg, trapped
            handler.lock.release()
        threading.Thread(target=thread_base, daemon=True).start()
        return cont

    original = D.resume

    def resume(cont, block_result, current_thread):
        handler = D.Handler()
        handler.lock = D.new_already_acquired_lock()
        handler.current_thread = current_thread
        handler.trapped = False
        cont.handler, cont.block_result = handler, block_result
        cont.lock.release()
        handler.lock.acquire()
        if handler.trapped:
            raise Trapped()
        return (handler.cont, handler.block_arg)
    D.cont_new, D.resume = cont_new, resume


WORDS = (['stream.new'] * 3 + ['future.new'] * 2 + ['stream.read', 'stream.write'] * 6 + ['future.read', 'future.write'] * 3
         + ['stream.cancel-read', 'stream.cancel-write', 'future.cancel-read', 'future.cancel-write'] * 2
         + ['stream.drop-readable', 'stream.drop-writable', 'future.drop-readable', 'future.drop-writable'] * 2
         + ['stream.forward'] * 3 + ['future.forward'] * 2 + ['join'] * 6 + ['poll'] * 6 + ['pass-stream'] * 4 + ['pass-future'] * 2 + ['set.new', 'set.drop']
         + ['call'] * 9 + ['subtask.cancel'] * 3 + ['subtask.drop'] * 2 + ['tick'] * 9 + ['inc', 'dec', 'dec'] + ['hash'] * 2)


def main():
    first, count = int(sys.argv[1]), int(sys.argv[2])
    amend()
    carry_traps()
    for seed in range(first, first + count):
        Script(seed).run()
    # Threads of guests that wait for ever.
    os._exit(0)


main()
