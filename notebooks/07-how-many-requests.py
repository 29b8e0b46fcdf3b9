# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 15
#     covers:
#     - limits.scope
#     - limits.reason
#     - limits.tiers
#     - limits.send
#     - limits.read
#     - limits.keys
#     - limits.429
#     - limits.retry
#     - limits.retry.true
#     - errors.429
#     - errors.body
#     - errors.body.error
#     - errors.body.message
# ---

# %% [markdown]
# # How many requests do I get?
#
# **For each key and minute: 100 sends, 300 reads, 10 for keys; the next one is answered 429, and `Retry-After` says how long to wait.**
#
# *About fifteen minutes. Needs nothing but this notebook.*

# %%
from collections import Counter

from justemails_lessons import Lab, Sawtooth, holds

lab = Lab(seed=7)

# %% [markdown]
# ## One send too many
#
# The limits keep the service fair and steady: one client in a hurry must not slow down all the others. The lab's clock
# stands still while you ask, so all of the following falls into one instant.
#
# **Predict:** of a hundred and one sends, how many pass?

# %%
mail = {
    "from": lab.sender,
    "to": "ann@example.com",
    "subject": "Hi",
    "text": "Hello.",
}
answers = [lab.post("/send", mail) for _ in range(101)]
Counter(answer.status for answer in answers)

# %%
answers[-1]

# %% [markdown]
# ### What just happened?
#
# A hundred passed, and the hundred and first was answered **429**, *Too Many Requests*: nothing was sent. The body is an
# error as every other one: a word for programs and a sentence for people. The header **`Retry-After`** is what a program
# should read: the seconds to wait.
#
# **Predict:** may the same key still *read*? And may another key of the same account still send?

# %%
reading = lab.get(f"/send/{answers[0]['id']}")
second_key = lab.post("/api-keys", {"name": "Second"})["key"]
by_second_key = lab.post("/send", mail, key=second_key)
reading.status, by_second_key.status

# %% [markdown]
# ### What just happened?
#
# Both passed. There are three tiers, and each is counted by itself: sending, reading, and managing keys. And each key is
# counted by itself, so that a job that runs wild with its own key does not take away the requests of another one.

# %%
reads = [lab.get("/messages", key=second_key).status for _ in range(301)]
managing = [lab.get("/api-keys", key=second_key).status for _ in range(11)]
{"reads": Counter(reads), "keys": Counter(managing)}

# %% jupyter={"source_hidden": true} tags=["check"]
over = answers[-1]
statuses = [answer.status for answer in answers]
holds(
    {
        "exactly 100 sends pass": statuses == [200] * 100 + [429],
        "exactly 300 reads pass": reads == [200] * 300 + [429],
        "exactly 10 requests about keys pass": managing == [200] * 10 + [429],
        "the 429 has a Retry-After in whole seconds": (over.retry_after or 0) >= 1,
        "its body has a word and a sentence": set(over.json)
        == {"error", "message"},
        "another tier of the same key is free": reading.status == 200,
        "another key is free": by_second_key.status == 200,
    }
)

# %% [markdown]
# ## Can the header be trusted?
#
# **Predict:** what comes back one second too early, and what on time?

# %%
wait = over.retry_after
lab.advance(f"{wait - 1}s")
too_early = lab.post("/send", mail)
lab.advance("1s")
on_time = lab.post("/send", mail)
wait, too_early.status, too_early.retry_after, on_time.status

# %% [markdown]
# ### What just happened?
#
# One second too early it was 429 once more, with one second left to wait; on time it passed. To ask too early is no use,
# but it is not punished either: a refused request does not count.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "a second too early is 429": too_early.status == 429,
        "the second answer says how much is left": too_early.retry_after == 1,
        "after the wait it passes": on_time.status == 200,
        "a hundred and two mails were taken in all": lab.get("/messages?perPage=1")[
            "pagination"
        ]["total"]
        == 102,
    }
)

# %% [markdown]
# ## A job that does not look
#
# Every ninety seconds a job starts, asks for the list of keys once a second for twenty seconds, and takes no notice of the
# answers.
#
# **Predict:** how many of its twenty requests pass each time, and is the limit free again when the job comes back?

# %%
lab.advance("2m")
asked = []
for _job in range(3):
    for _ in range(20):
        asked.append((lab.now, lab.get("/api-keys").status))
        lab.advance("1s")
    lab.advance("70s")
Sawtooth("Three jobs of 20 requests, limit 10 in a minute", asked, limit=10)

# %% [markdown]
# ### What just happened?
#
# Each request that passes lifts the line by one. At ten the limit is full, and the other ten are refused: each red stroke
# is a request in vain. A minute after they were made, the ten stop counting, one by one, as they came, and the line goes
# down to zero. So the next job finds everything free, and half of its requests are wasted again.

# %% jupyter={"source_hidden": true} tags=["check"]
passed = [at for at, status in asked if status == 200]
within = [
    sum(0 <= (later - at).total_seconds() < 60 for later in passed) for at in passed
]
holds(
    {
        "there are never more than 10 in any minute": max(within) == 10,
        "half of the requests pass": len(passed) == len(asked) / 2,
        "everything else is 429": Counter(status for _, status in asked)[429] == 30,
    }
)

# %% [markdown]
# ## Exercise 7.1
#
# The key has used up its ten requests. How long does the program have to wait, at the least, to get through? The answers
# know it: look at the header.

# %% tags=["exercise"]
wait = 1  # <- change this value
lab.advance("2m")
burst = [lab.get("/api-keys") for _ in range(11)]
lab.advance(f"{wait}s")
lab.exercise("7.1", waited=wait, refused=burst[-1], after=lab.get("/api-keys"))

# %% jupyter={"source_hidden": true} tags=["solution"]
wait = burst[-1].retry_after  # <- change this value
lab.advance("2m")
burst = [lab.get("/api-keys") for _ in range(11)]
lab.advance(f"{wait}s")
lab.exercise("7.1", waited=wait, refused=burst[-1], after=lab.get("/api-keys"))

# %% [markdown]
# ## Exercise 7.2
#
# A program asks for its keys thirty times. Choose the shortest pause between two requests, in whole seconds, with which
# none is refused.

# %% tags=["exercise"]
pause = 2  # <- change this value
lab.advance("2m")
seen = []
for _ in range(30):
    seen.append(lab.get("/api-keys").status)
    lab.advance(f"{pause}s")
lab.exercise("7.2", pause=pause, seen=seen)

# %% jupyter={"source_hidden": true} tags=["solution"]
pause = 6  # <- change this value
lab.advance("2m")
seen = []
for _ in range(30):
    seen.append(lab.get("/api-keys").status)
    lab.advance(f"{pause}s")
lab.exercise("7.2", pause=pause, seen=seen)

# %% [markdown]
# ## What the document does not say here
#
# - What "per minute" is. Here: at most so many in *any* sixty seconds (`CHOICE-15`). A server with fixed minutes or with a
#   bucket keeps the promise too, and gives another picture.
# - Whether listing keys is reading or managing. Here it is managing (`CHOICE-31`).
# - How exact `Retry-After` is. Here to the second (`CHOICE-32`); elsewhere it may be a date or a round figure.

# %%
lab.close()
