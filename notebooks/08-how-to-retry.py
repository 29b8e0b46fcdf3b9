# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - limits.429
#     - limits.retry
#     - limits.retry.true
#     - errors.400
#     - errors.401
#     - errors.404
#     - errors.422
#     - errors.429
#     - errors.500
#     - messages.filters
# ---

# %% [markdown]
# # How should my client retry?
#
# **After 429 wait as long as `Retry-After` says, after 500 wait and repeat, and never repeat what was refused for what it says.**
#
# *About twenty minutes. Needs nothing but this notebook; [lesson 07](07-how-many-requests.ipynb) explains the limits.*

# %%
from justemails_lessons import Lab, Strategies, holds

lab = Lab(seed=8)

# %% [markdown]
# ## Four clients and one job
#
# A shop gives each of its 25 branches an API key of its own, so there are 25 calls of `POST /api-keys` to make, and the
# limit is 10 a minute. So every client is going to be told 429, *Too Many Requests*, at some point. They differ in one
# thing only: how long they wait then. A request takes half a second here, and each client is counted by itself.


# %%
def work_off(pause_after):
    key = lab.dashboard.add_key("Head office")["key"]
    asked = []
    for branch in range(25):
        for tries in range(1, 1000):
            answer = lab.post("/api-keys", {"name": f"Branch {branch}"}, key=key)
            asked.append((lab.now, answer.status))
            lab.advance("500ms")
            if answer.status != 429:
                break
            lab.advance(f"{pause_after(answer, tries)}s")
    return asked


# %% [markdown]
# - **stubborn** asks again at once,
# - **fixed** waits ten seconds,
# - **doubling** waits 2 seconds, then 4, 8, 16 and so on (this is called *exponential backoff*),
# - **obedient** waits as long as `Retry-After` says.
#
# **Predict:** which of them is done first? And which makes the fewest requests?

# %%
clients = {
    "stubborn": work_off(lambda answer, tries: 0),
    "fixed": work_off(lambda answer, tries: 10),
    "doubling": work_off(lambda answer, tries: 2**tries),
    "obedient": work_off(lambda answer, tries: answer.retry_after),
}
Strategies("25 new keys with a limit of 10 a minute, by four clients", clients)

# %% [markdown]
# ### What just happened?
#
# The blue line is the work, the red strokes are requests for nothing. The stubborn client gains a second or two over the
# obedient one, which waits in whole seconds, and no more: the limit lets requests through when it lets them through, and asking does not change that. It has only kept
# both sides busy. The doubling client asks seldom, and pays for it: it does not know when the limit is free, so it
# oversleeps.
#
# The obedient one was told, and asked for nothing only when there was no way to know: once for each full minute. Whenever a server says how long to wait, that is the best
# there is; doubling is for when nobody says it.


# %% jupyter={"source_hidden": true} tags=["check"]
def in_vain(asked):
    return sum(status == 429 for _, status in asked)


def seconds(asked):
    return (asked[-1][0] - asked[0][0]).total_seconds()


obedient = clients["obedient"]
holds(
    {
        "all of them got all 25 keys": {
            sum(status == 200 for _, status in asked) for asked in clients.values()
        }
        == {25},
        "the obedient one asked twice for nothing": in_vain(obedient) == 2,
        "the others more often": min(
            in_vain(asked) for name, asked in clients.items() if name != "obedient"
        )
        > 2,
        "nobody was done three seconds earlier than the obedient one": min(
            map(seconds, clients.values())
        )
        > seconds(obedient) - 3,
        "the doubling one was later": seconds(clients["doubling"])
        > seconds(obedient) + 5,
    }
)

# %% [markdown]
# ## When the fault is the server's
#
# Servers break too. Let the API's disk be full for thirty seconds.

# %%
news = {"from": lab.sender, "subject": "News", "text": "There is news."}
lab.disturb("30s")
mail = {**news, "to": "ann@example.com"}
broken = lab.post("/send", mail)
print(broken.answer_text)

# %% [markdown]
# **Predict:** was the mail sent all the same? Is it safe to send it once more?

# %%
answers = [broken]
while answers[-1].status == 500:
    lab.advance(f"{2 ** len(answers)}s")
    answers.append(lab.post("/send", mail))
lab.advance("10s")
(
    [answer.status for answer in answers],
    lab.get("/messages?to=ann@example.com")["pagination"]["total"],
)

# %% [markdown]
# ### What just happened?
#
# **500** says that the fault is the server's, and here nothing is kept then. So repeating it is right, and here doubling has its place, since
# nobody knows when a broken server is well again. After some tries it passed, and there is one message, not five.
#
# Give up at some point. A client that doubles without an end asks once a day in the end, and one that does not double
# is the hundredth of a hundred that keep a server down which is just getting up.

# %% jupyter={"source_hidden": true} tags=["check"]
listed = lab.get("/messages?to=ann@example.com")
holds(
    {
        "a fault of the server is 500, in JSON": broken.status == 500
        and set(broken.json) == {"error", "message"},
        "it says nothing of what is inside": "space" not in broken.answer_text,
        "it passed in the end": answers[-1].status == 200,
        "every try before it was a 500": {one.status for one in answers[:-1]}
        == {500},
        "there is one message, and it is the last answer's": [
            one["id"] for one in listed["data"]
        ]
        == [answers[-1]["id"]],
        "one mail arrived": sum(one.to == "ann@example.com" for one in lab.inbox())
        == 1,
    }
)

# %% [markdown]
# ## When no answer comes
#
# The worst case is none at all: the connection breaks after the request has gone out. Either it never arrived, or the
# answer got lost on its way back. From here the two look the same.


# %%
def post_and_lose_the_answer(mail):
    lab.post("/send", mail)
    raise TimeoutError("no answer within 10 s")


careless = {**news, "to": "bob@example.com", "subject": "Order 4711"}
try:
    post_and_lose_the_answer(careless)
except TimeoutError:
    lab.post("/send", careless)
lab.advance("10s")
[one.subject for one in lab.inbox() if one.to == "bob@example.com"]

# %% [markdown]
# Bob has his order twice. The API does not guess that two equal requests were meant as one. **Predict:** what could the
# client have asked before it sent the mail again?

# %%
careful = {**news, "to": "cleo@example.com", "subject": "Order 4712"}
try:
    post_and_lose_the_answer(careful)
except TimeoutError:
    there = lab.get("/messages?to=cleo@example.com&subject=Order 4712")
    if there["pagination"]["total"] == 0:
        lab.post("/send", careful)
lab.advance("10s")
[one.subject for one in lab.inbox() if one.to == "cleo@example.com"]

# %% [markdown]
# ### What just happened?
#
# `GET /messages` tells what the API has taken. A client that looks there first sends again only what is not there. For
# that, it needs something to know its mail by: a subject with the number of the order will do.

# %% jupyter={"source_hidden": true} tags=["check"]
arrived = [one.to for one in lab.inbox()]
holds(
    {
        "who repeats blindly sends twice": arrived.count("bob@example.com") == 2,
        "who looks first sends once": arrived.count("cleo@example.com") == 1,
        "the list knew the mail": there["pagination"]["total"] == 1,
    }
)

# %% [markdown]
# ## What is never worth repeating
#
# **Predict:** five requests are refused, and each is repeated a minute later, as it is. How many pass then?

# %%
refused = {
    "no recipient": lambda: lab.post("/send", {**news}),
    "no such key": lambda: lab.get("/messages", key="je_live_no_such_key"),
    "no such message": lambda: lab.get("/send/msg_nosuchmessage"),
    "somebody else's domain": lambda: lab.post(
        "/send", {**mail, "from": "ann@example.org"}
    ),
    "two recipients": lambda: lab.post(
        "/send", {**news, "to": ["a@example.com", "b@example.com"]}
    ),
}
first = {what: ask().status for what, ask in refused.items()}
lab.advance("1m")
second = {what: ask().status for what, ask in refused.items()}
{what: (first[what], second[what]) for what in refused}

# %% [markdown]
# ### What just happened?
#
# None. A 4xx other than 429 speaks of the request itself, and the same request gets the same answer tomorrow. Such an
# answer belongs into a log that somebody reads.
#
# | Answer | What to do |
# |---|---|
# | 2xx | keep the `id`, and go on |
# | 400, 401, 403, 404, 409, 422 | mend the request; do not repeat it |
# | 429 | wait as long as `Retry-After` says, then repeat |
# | 500 | wait, longer each time, and repeat; give up some time |
# | no answer | look into `GET /messages` first |

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "each is refused the second time too": first == second,
        "what is wrong with the body is 400": first["no recipient"]
        == first["two recipients"]
        == 400,
        "a wrong key is 401, and what is not there 404": (
            first["no such key"],
            first["no such message"],
        )
        == (401, 404),
        "a domain that is not verified is 422": first["somebody else's domain"]
        == 422,
    }
)

# %% [markdown]
# ## Exercise 8.1
#
# A client of yours repeats a request when the status is in this set, and gives up otherwise. Some nights the
# limit is used up, and tonight the API is broken for a minute. Which set brings good mails through, and repeats no bad one?

# %% tags=["exercise"]
worth_repeating = {400, 429}  # <- change this value
lab.advance("2m")
lab.disturb("1m")
night = []
for body in ({**news, "to": "dora@example.com"}, {**news}):
    for tries in range(1, 10):
        night.append(lab.post("/send", body))
        if night[-1].status not in worth_repeating:
            break
        lab.advance(f"{night[-1].retry_after or 2**tries}s")
lab.exercise("8.1", repeats=worth_repeating, night=night)

# %% jupyter={"source_hidden": true} tags=["solution"]
worth_repeating = {429, 500}  # <- change this value
lab.advance("2m")
lab.disturb("1m")
night = []
for body in ({**news, "to": "dora@example.com"}, {**news}):
    for tries in range(1, 10):
        night.append(lab.post("/send", body))
        if night[-1].status not in worth_repeating:
            break
        lab.advance(f"{night[-1].retry_after or 2**tries}s")
lab.exercise("8.1", repeats=worth_repeating, night=night)

# %% [markdown]
# ## Exercise 8.2
#
# The answer to order 4713 got lost. Which question finds out whether the mail was taken, without finding any other?

# %% tags=["exercise"]
question = "/messages?subject=Order"  # <- change this value
order = {**news, "to": "emil@example.com", "subject": "Order 4713"}
lost = lab.post("/send", order)
lab.exercise("8.2", found=lab.get(question), lost=lost, order=order)

# %% jupyter={"source_hidden": true} tags=["solution"]
question = "/messages?subject=Order 4713"  # <- change this value
order = {**news, "to": "emil@example.com", "subject": "Order 4713"}
lost = lab.post("/send", order)
lab.exercise("8.2", found=lab.get(question), lost=lost, order=order)

# %% [markdown]
# ## What the document does not say here
#
# - How exact `Retry-After` is. Here to the second (`CHOICE-32`); wait a second more where you do not know the server.
# - Whether a 500 has done its work all the same. Here nothing is kept then (`CHOICE-55`); look into the list elsewhere.
# - Whether two equal requests are one. Here they are two, and there is no header to say otherwise (`CHOICE-42`).
# - Which filters the list has. Here `to` and `subject` among others (`CHOICE-17`); another server may have none.

# %%
lab.close()
