#!/usr/bin/env python3
"""Goes through every order in which a caller and its workers can take the steps of src/base/threads.c.

A few small jobs, one step for each access to what threads share.  At no point may a chunk run
twice, run while another job is under way, or not exist; a job may end only when its chunks are
done; and somebody can always go on until all have ended.  The same search has to find the fault
of variants that look right, or it would prove little.
"""
import sys

# (chunks, threads) of each job; workers; whether they sleep, or look for ever.
CASES = [([(1, 2), (1, 2)], 1, True), ([(2, 2), (2, 2), (1, 2)], 1, True), ([(2, 2), (6, 2)], 1, False),
         ([(1, 2), (5, 2), (2, 2)], 1, False), ([(2, 3), (3, 2)], 2, False)]
FAULTS = {
    None: "the algorithm",
    "bounds": "where a share begins and ends is written beside it, not computed from the job",
    "unnumbered": "a share does not say of which job it is",
    "early": "chunks are counted as done before they run",
    "late": "how many chunks are missing is written behind the number of the job",
    "parked": "a worker goes to sleep without looking at the job again",
    "unseen": "whether the caller sleeps is asked before chunks are counted as done",
    "hasty": "the caller goes to sleep without looking again at what is missing",
}


class Fault(Exception):
    pass


def part(chunks, threads, s):
    return chunks * s // threads, chunks * (s + 1) // threads


class Pool:
    """A state is what all share, m, and what each thread has to itself: [caller, worker 1, ...].
    A step changes them and says which step is next, or None if it cannot be taken now."""

    def __init__(self, jobs, workers, sleeps, fault):
        self.jobs, self.workers, self.sleeps, self.fault = jobs, workers, sleeps, fault

    def start(self):
        lanes = range(self.workers + 1)
        m = {"job": 0, "run": 0, "chunks": 0, "threads": 0, "missing": 0, "waits": 0, "over": 0, "under way": 0, "ran": ()}
        for k in lanes:
            m["share", k], m["bounds", k], m["parked", k], m["asleep", k] = (0, 0), (0, 0), 0, 0
        return m, [{"lane": k, "next": "look" if k else "begin", "g": 0} for k in lanes]

    # ---- the caller: post, wake, take part, wait, end ------------------------------------
    def begin(self, m, me):
        if me["g"] == len(self.jobs):
            m["over"] = 1
            return "number"
        me["g"] += 1
        me["chunks"], me["threads"] = self.jobs[me["g"] - 1]
        me["run"] = m["run"] = m["under way"] = me["g"]
        me["i"] = me["done"] = 0
        return "post chunks"

    def post_chunks(self, m, me):
        m["chunks"] = me["chunks"]
        return "post threads"

    def post_threads(self, m, me):
        m["threads"] = me["threads"]
        me["s"] = 0
        return "post share" if self.fault == "late" else "post missing"

    def post_missing(self, m, me):
        m["missing"] = me["chunks"]
        return "take" if self.fault == "late" else "post bounds" if self.fault == "bounds" else "post share"

    def post_bounds(self, m, me):
        m["bounds", me["s"]] = part(me["chunks"], me["threads"], me["s"])
        return "post share"

    def post_share(self, m, me):
        first, end = part(me["chunks"], me["threads"], me["s"])
        m["share", me["s"]] = (me["g"], 0 if self.fault == "bounds" else end - first)
        me["s"] += 1
        if me["s"] < me["threads"]:
            return "post bounds" if self.fault == "bounds" else "post share"
        return "number"

    def number(self, m, me):
        m["job"] += 1
        me["k"] = 1
        return "wake"

    def wake(self, m, me):
        k = me["k"]
        if k > self.workers or (not m["over"] and k >= me["threads"]):
            return "join" if m["over"] else "post missing" if self.fault == "late" else "take"
        if m["parked", k]:
            return "wake if"
        me["k"] += 1
        return "wake"

    def wake_if(self, m, me):
        if m["parked", me["k"]]:
            m["parked", me["k"]] = 0
            return "wake now"
        me["k"] += 1
        return "wake"

    def wake_now(self, m, me):
        m["asleep", me["k"]] = 0
        me["k"] += 1
        return "wake"

    def wait(self, m, me):
        if m["missing"] == 0:
            return "end"
        return "say so" if self.sleeps else None

    def say_so(self, m, me):
        m["waits"] = 1
        m["asleep", 0] = int(self.fault == "hasty")
        return "asleep"

    def missing(self, m, me):
        me["seen"] = m["missing"]
        return "doze" if me["seen"] else "end"

    def doze(self, m, me):
        m["asleep", 0] = int(m["missing"] == me["seen"])
        return "asleep"

    def end(self, m, me):
        m["waits"], m["under way"] = 0, 0
        if any((me["g"], c) not in m["ran"] for c in range(me["chunks"])):
            raise Fault(f"job {me['g']} ends before its chunks are done")
        m["ran"] = ()
        return "begin"

    def join(self, m, me):
        return "ended" if all(w["next"] == "ended" for w in self.threads[1:]) else None

    # ---- a worker: wait for a job, read it, take part --------------------------------------
    def look(self, m, me):
        if m["job"] == me["g"]:
            return "park" if self.sleeps else None
        me["g"], me["i"], me["done"] = m["job"], 0, 0
        return "read over"

    def read_over(self, m, me):
        return "ended" if m["over"] else "read run"

    def park(self, m, me):
        m["parked", me["lane"]] = 1
        return "sleep" if self.fault == "parked" else "look again"

    def look_again(self, m, me):
        return "sleep" if m["job"] == me["g"] else "rise"

    def sleep(self, m, me):
        m["asleep", me["lane"]] = m["parked", me["lane"]]
        return "asleep"

    def rise(self, m, me):
        m["parked", me["lane"]] = 0
        return "look"

    def read_run(self, m, me):
        me["run"] = m["run"]
        return "read chunks"

    def read_chunks(self, m, me):
        me["chunks"] = m["chunks"]
        return "read threads"

    def read_threads(self, m, me):
        me["threads"] = m["threads"]
        return "look" if me["lane"] >= me["threads"] else "take"

    # ---- both ------------------------------------------------------------------------------
    def asleep(self, m, me):
        if m["asleep", me["lane"]]:
            return None
        return "rise" if me["lane"] else "missing"

    def take(self, m, me):
        if me["i"] == me["threads"]:
            return "count" if me["done"] else "look" if me["lane"] else "wait"
        me["s"] = (me["lane"] + me["i"]) % me["threads"]
        me["seen"] = m["share", me["s"]]
        return "read bounds" if self.fault == "bounds" else self.claim_if(me, me["seen"][1] > 0)

    def read_bounds(self, m, me):
        me["bounds"] = m["bounds", me["s"]]
        return self.claim_if(me, me["seen"][1] < me["bounds"][1] - me["bounds"][0])

    def claim_if(self, me, any_left):
        if any_left and (me["seen"][0] == me["g"] or self.fault == "unnumbered"):
            return "claim"
        me["i"] += 1
        return "take"

    def claim(self, m, me):
        number, n = me["seen"]
        if m["share", me["s"]] != me["seen"]:
            return "take"
        if self.fault == "bounds":
            m["share", me["s"]], me["chunk"] = (number, n + 1), me["bounds"][0] + n
        else:
            m["share", me["s"]], me["chunk"] = (number, n - 1), part(me["chunks"], me["threads"], me["s"])[1] - n
        return "count one" if self.fault == "early" else "run"

    def count_one(self, m, me):
        m["missing"] -= 1
        return "run"

    def run(self, m, me):
        job, chunk = me["run"], me["chunk"]
        if job != m["under way"]:
            raise Fault(f"chunk {chunk} of job {job} runs when {m['under way'] or 'none'} is under way")
        if (job, chunk) in m["ran"]:
            raise Fault(f"chunk {chunk} of job {job} runs twice")
        if not 0 <= chunk < self.jobs[job - 1][0]:
            raise Fault(f"chunk {chunk} of job {job} runs, and there is none")
        m["ran"] = tuple(sorted(m["ran"] + ((job, chunk),)))
        me["done"] += 1
        return "take"

    def count(self, m, me):
        if self.fault == "unseen" and "waits" not in me:
            me["waits"] = m["waits"]
            return "count"
        if self.fault != "early":
            m["missing"] -= me["done"]
        if m["missing"] < 0:
            raise Fault("more chunks are done than there were")
        if me["lane"] == 0:
            return "wait"
        return "look" if m["missing"] else "tell"

    def tell(self, m, me):
        return "tell now" if me.get("waits", m["waits"]) else "look"

    def tell_now(self, m, me):
        m["asleep", 0] = 0
        return "look"


# What a thread still needs of its own when it comes to a step; the rest would only make states differ.
KEEPS = {"look": (), "begin": (), "wait": ("chunks",), "say so": ("chunks",), "end": ("chunks",), "missing": ("chunks",), "asleep": ("chunks",),
         "doze": ("chunks", "seen"), "take": ("run", "chunks", "threads", "i", "done"), "count": ("done", "chunks", "waits"),
         "tell": ("waits",), "tell now": (), "park": (), "look again": (), "sleep": (), "rise": (), "ended": (), "join": ()}


def search(jobs, workers, sleeps, fault):
    """How many states there are, and the first fault, if there is one."""
    pool = Pool(jobs, workers, sleeps, fault)
    m, threads = pool.start()
    names = list(m)

    def frozen(m, threads):
        own = []
        for t in threads:
            keep = KEEPS.get(t["next"])
            own.append(tuple(sorted((k, v) for k, v in t.items()
                                    if keep is None or k in ("lane", "next", "g") or k in keep)))
        return tuple(m.values()), tuple(own)

    first = frozen(m, threads)
    seen, todo = {first}, [first]
    while todo:
        shared, own = todo.pop()
        stuck = True
        for k in range(workers + 1):
            m, threads = dict(zip(names, shared)), [dict(t) for t in own]
            me = threads[k]
            if me["next"] == "ended":
                continue
            pool.threads = threads
            try:
                step = getattr(pool, me["next"].replace(" ", "_"))(m, me)
            except Fault as found:
                return len(seen), str(found)
            if step is None:
                continue
            stuck, me["next"] = False, step
            state = frozen(m, threads)
            if state not in seen:
                seen.add(state)
                todo.append(state)
        if stuck and any(dict(t)["next"] != "ended" for t in own):
            return len(seen), "nobody can go on"
    return len(seen), None


def main():
    wrong = 0
    for fault, words in FAULTS.items():
        found, states = None, 0
        for case in CASES:
            if not found:
                more, found = search(*case, fault)
                states += more
        wrong += bool(found) != bool(fault)
        print(f"{words}: {states} states, {found or 'no fault'}")
    print(f"{wrong} of {len(FAULTS)} are not as they should be")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
