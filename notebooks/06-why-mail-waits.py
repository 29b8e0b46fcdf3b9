# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 15
#     covers:
#     - send.response.status
#     - status.response.deliveredAt
#     - product.reliable
#     - product.tracking
# ---

# %% [markdown]
# # Why does mail wait, and for how long?
#
# **Because the other server said "not now": our server asks again after a minute, then ever more rarely, and gives up after four days.**
#
# *About fifteen minutes of yours, and as many days of the lab's. It helps to have seen [lesson 05](05-what-the-servers-said.ipynb).*

# %%
from datetime import timedelta

from justemails_lessons import Histogram, Lab, holds

lab = Lab(seed=6)

# %%
mail = {"from": lab.sender, "subject": "Hi", "text": "Are you there?"}

# %% [markdown]
# ## A server that is out of order for a while
#
# `shop.example` answers `451`, *not now*, for an hour. Then it takes everything.
#
# **Predict:** how often will our server try? And will the mail be there right after that hour?

# %%
lab.network(
    "shop.example", {"at": "RCPT", "reply": "451 4.3.0 try again", "for": "1h"}
)

# %%
delayed = lab.post("/send", {**mail, "to": "ann@shop.example"})
lab.advance("3h")

# %%
lab.story(delayed).staircase()

# %% [markdown]
# ### What just happened?
#
# Each dot is an attempt, each level stretch a wait. The waits grow: somebody who is away for a minute is found again in a
# minute, and somebody who is away for hours is not called every minute, which would only make it worse for a server that
# is overloaded already.
#
# It has a price: the server was well again after an hour, and the mail came later, at the next attempt. The waits, one
# after another:

# %%
story = lab.story(delayed)
waits = story.waits
[f"{wait.total_seconds() / 60:.1f} min" for wait in waits]

# %% jupyter={"source_hidden": true} tags=["check"]
ladder = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240)]


def planned(number):
    return ladder[min(number, len(ladder) - 1)]


def near(wait, plan):
    return abs(wait - plan) <= 0.15 * plan + timedelta(seconds=2)


holds(
    {
        "the waits are 1, 5, 15, 30 and 60 minutes, give or take 15 %": all(
            near(wait, planned(number)) for number, wait in enumerate(waits)
        ),
        "every attempt but the last was put off": story.events
        == ("deferred",) * (len(story.events) - 1) + ("accepted",),
        "it was delivered after the hour, and within the next wait": timedelta(
            hours=1
        )
        <= story.began_after[-1]
        <= timedelta(hours=1) + waits[-1],
        "deliveredAt is the time of the last attempt": lab.get(
            f"/send/{delayed['id']}"
        )["deliveredAt"]
        == f"{story.tries[-1].ended_at:%Y-%m-%dT%H:%M:%SZ}",
    }
)

# %% [markdown]
# ## Why not exactly a minute?
#
# A hundred mails go to a server that says *not now* to each of them once.
#
# **Predict:** if every one of them waited for exactly sixty seconds, what would that server see a minute later?

# %%
lab.network(
    "crowd.example",
    {"at": "RCPT", "reply": "451 4.3.2 too many of you", "for": "30s"},
)
crowd = [
    lab.post("/send", {**mail, "to": f"guest{number}@crowd.example"})
    for number in range(100)
]
lab.advance("5m")

# %%
first_waits = [lab.story(one).waits[0] for one in crowd]
Histogram(
    "How long each of 100 messages waited for its second attempt",
    first_waits,
    timedelta(seconds=2),
)

# %% [markdown]
# ### What just happened?
#
# Each wait is up to 15 % shorter or longer than planned, at random: that is called *jitter*. Without it the hundred would
# come back all at once, and be too many once more. With it they come one after another.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "every wait is a minute, give or take 15 %": all(
            near(wait, timedelta(minutes=1)) for wait in first_waits
        ),
        "no more than a third of them fall into the same two seconds": max(
            Histogram("", first_waits, timedelta(seconds=2)).counts.values()
        )
        <= 33,
        "all were delivered at the second attempt": {
            lab.story(one).events for one in crowd
        }
        == {("deferred", "accepted")},
    }
)

# %% [markdown]
# ## A server that never comes back
#
# `down.test` is switched off: the connection is refused. Nobody says a final no.
#
# **Predict:** how many attempts will there be in four days: about 6, about 30, or about 100?

# %%
hopeless = lab.post("/send", {**mail, "to": "ann@down.test"})
lab.advance("5d")

# %%
lab.story(hopeless).staircase()

# %% [markdown]
# ### What just happened?
#
# The waits grow up to four hours and stay there. After four days our server stops: the status is `failed`, and no further
# attempt is made. Four days are the least that the standard of mail asks for (RFC 5321, section 4.5.4.1), so that a
# server which breaks on a Friday evening can be mended on a Monday.

# %% jupyter={"source_hidden": true} tags=["check"]
story = lab.story(hopeless)
holds(
    {
        "all attempts were put off, and then the time was over": story.events[-1]
        == "expired"
        and set(story.events[:-1]) == {"deferred"},
        "every wait is as planned, give or take 15 %": all(
            near(wait, planned(number)) for number, wait in enumerate(story.waits)
        ),
        "the last attempt is within four days, and the next one would not be": timedelta(
            days=4
        )
        - 1.15 * planned(99)
        <= story.began_after[-1]
        <= timedelta(days=4),
        "the API says failed, and no time of delivery": [
            lab.get(f"/send/{hopeless['id']}")[member]
            for member in ("status", "deliveredAt")
        ]
        == ["failed", None],
        "nothing has arrived": "ann@down.test"
        not in {one.to for one in lab.inbox()},
    }
)

# %% [markdown]
# ## Exercise 6.1
#
# For how long may the recipient's server be away, so that the mail still arrives, but only after more than three days?

# %% tags=["exercise"]
away = "1d"  # <- change this value
lab.network(
    "holiday.example", {"at": "RCPT", "reply": "450 4.2.1 on holiday", "for": away}
)
patient = lab.post("/send", {**mail, "to": "ann@holiday.example"})
lab.advance("5d")
lab.exercise("6.1", story=lab.story(patient))

# %% jupyter={"source_hidden": true} tags=["solution"]
away = "3d"  # <- change this value
lab.network(
    "holiday.example", {"at": "RCPT", "reply": "450 4.2.1 on holiday", "for": away}
)
patient = lab.post("/send", {**mail, "to": "ann@holiday.example"})
lab.advance("5d")
lab.exercise("6.1", story=lab.story(patient))

# %% [markdown]
# ## Exercise 6.2
#
# A mail to the full mailbox has just been tried for the first time. Wait just long enough for the second attempt to be
# over, and not so long that there is a third.

# %% tags=["exercise"]
wait = "30s"  # <- change this value
twice = lab.post("/send", {**mail, "to": "bob@full.test"})
lab.advance(wait)
lab.exercise("6.2", story=lab.story(twice))

# %% jupyter={"source_hidden": true} tags=["solution"]
wait = "2m"  # <- change this value
twice = lab.post("/send", {**mail, "to": "bob@full.test"})
lab.advance(wait)
lab.exercise("6.2", story=lab.story(twice))

# %% [markdown]
# ## What the document does not say here
#
# The document says that delivery is reliable, and gives no figure. The waits, the jitter and the four days are a choice of
# this implementation (`CHOICE-22`), and so is the word `failed` (`CHOICE-03`). Another server may be more patient, or
# less: do not build on the numbers, but on the status.

# %%
lab.close()
