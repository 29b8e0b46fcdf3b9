# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where do I start?
#
# **At lesson 01. Each lesson asks a question, answers it in a line, and lets you run what shows it.**
#
# Nothing here needs a network, an account or a mail server: a lesson has a whole mail internet in memory, on a
# clock of your own. Run the cells from top to bottom (Shift and Enter). Before you run one that follows the word
# **Predict**, say what you expect; being wrong is what makes it stick. A line that begins with a tick is a claim
# that was just checked. Exercises have one value to change, and say by themselves whether it is right; the
# solution is folded away below.
#
# | Lesson | Time | In a line |
# |---|---|---|
# | [01 Can I send a mail with one request?](01-first-mail.ipynb) | 10 min | Yes: one `POST` with a key. What comes back is a receipt, and the mail is on its way. |
# | [02 Who am I to the API?](02-who-am-i.ipynb) | 20 min | Whoever holds the key: without one, or with one that is not valid, 401; with one that may not do this, 403. |
# | [03 What may be in a send?](03-what-may-be-in-a-send.ipynb) | 20 min | Seven members, and each of them arrives; anything else is refused with a sentence that names the member, and nothing is sent. |
# | [04 Where is my mail now?](04-where-is-my-mail.ipynb) | 15 min | Ask `GET /send/:id`: it says `queued` while anything can still happen, and then one last word that stays. |
# | [05 What did the two servers say to each other?](05-what-the-servers-said.ipynb) | 20 min | A short dialogue of commands and three-digit replies, and the first digit of the last reply decides: 2 taken, 4 not now, 5 never. |
# | [06 Why does mail wait, and for how long?](06-why-mail-waits.ipynb) | 15 min | Because the other server said "not now": our server asks again after a minute, then ever more rarely, and gives up after four days. |
# | [07 How many requests do I get?](07-how-many-requests.ipynb) | 15 min | For each key and minute: 100 sends, 300 reads, 10 for keys; the next one is answered 429, and `Retry-After` says how long to wait. |
# | [08 How should my client retry?](08-how-to-retry.ipynb) | 20 min | After 429 wait as long as `Retry-After` says, after 500 wait and repeat, and never repeat what was refused for what it says. |
# | [09 What breaks a signature?](09-what-breaks-a-signature.ipynb) | 25 min | A changed word does, in the body or in a signed header; doubled spaces, a fold or capitals in a header's name do not, for they are evened out first. |
# | [10 How do I find last week's mail?](10-finding-mail.ipynb) | 20 min | Ask `GET /messages`: the newest first, fifty to a page, narrowed by filters; one of them keeps a long walk still. |
# | [11 How do I live with keys?](11-living-with-keys.ipynb) | 30 min | One key for each program: look at `lastUsed`, change a key before you have to, and revoke at once what has leaked. |
# | [12 What does the document not say?](12-what-is-not-said.ipynb) | 20 min | Fifty-six things so far: for each there is a numbered choice here, another server may choose otherwise, and no judge holds it against it. |
# | [13 Does another server keep its promises?](13-judging-a-server.ipynb) | 20 min | Ask the conformance suite: it needs a base URL and a key, and names every promise that the server breaks. |

# %% [markdown]
# ## Where each promise is shown
#
# Every promise of [the API document](../contracts/api-document.md), under the name that it has there. This page is
# generated, and a test fails when a promise is in no lesson.
#
# ### base: where the API lives
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `base.url` | The base URL is `https://justemails.app/api/v1`. | [01](01-first-mail.ipynb) |
# | `base.relative` | Every path of the document is to be read below that base URL. | [01](01-first-mail.ipynb) |
# | `base.https` | The API is spoken over HTTPS; plain HTTP is not offered. | [02](02-who-am-i.ipynb), [12](12-what-is-not-said.ipynb) |
# | `base.operations` | There are six operations: one sends, two read messages, three manage keys. | [02](02-who-am-i.ipynb) |
# | `base.id` | `:id` in a path stands for the id of one resource. | [04](04-where-is-my-mail.ipynb) |
# | `base.json.request` | A request body is a JSON object, announced as `Content-Type: application/json`. | [01](01-first-mail.ipynb) |
# | `base.json.response` | Every answer shown is a JSON object. | [01](01-first-mail.ipynb) |
# | `base.success` | An answer that is not an error carries the operation's own body; its status code is given nowhere. | [12](12-what-is-not-said.ipynb), [13](13-judging-a-server.ipynb) |
#
# ### auth: the bearer key
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `auth.required` | Every request, without exception, carries a bearer token in its `Authorization` header. | [02](02-who-am-i.ipynb) |
# | `auth.header` | The header reads `Authorization: Bearer je_live_abc123...`: the scheme word, a space, the key. | [01](01-first-mail.ipynb), [02](02-who-am-i.ipynb) |
# | `auth.token` | The bearer token is an API key. | [01](01-first-mail.ipynb), [02](02-who-am-i.ipynb) |
# | `auth.prefix` | An API key begins with `je_`. | [01](01-first-mail.ipynb), [02](02-who-am-i.ipynb) |
# | `auth.live` | The keys shown begin with `je_live_`. | [02](02-who-am-i.ipynb) |
# | `auth.dashboard` | Keys are made and managed in a dashboard. | [02](02-who-am-i.ipynb) |
# | `auth.endpoint` | Keys are also made with `POST /api-keys`, and a key so made authenticates requests. | [02](02-who-am-i.ipynb), [11](11-living-with-keys.ipynb) |
#
# ### send: POST /send
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `send.purpose` | The operation sends one transactional mail. | [01](01-first-mail.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `send.domain` | The mail goes out from a domain that is verified. | [01](01-first-mail.ipynb), [09](09-what-breaks-a-signature.ipynb) |
# | `send.request` | The body is an object of the members below. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.method` | The method is `POST`. | [01](01-first-mail.ipynb) |
# | `send.request.path` | The path is `/send`. | [01](01-first-mail.ipynb) |
# | `send.request.from` | `from` is the sender's address, a string: `hello@yourdomain.com`. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.from.domain` | The domain of `from` has to be verified, or the request is refused as [errors.422] says. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb), [09](09-what-breaks-a-signature.ipynb) |
# | `send.request.to` | `to` is the recipient's address, one string: `user@example.com`. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.to.required` | A request without `to` is refused as a validation error. | [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.subject` | `subject` is a string: `Welcome!`. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.html` | `html` is the HTML body, a string: `<h1>Hello</h1><p>Thanks for signing up.</p>`. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.text` | `text` is the plain-text body, a string: `Hello — Thanks for signing up.`; it may hold characters outside ASCII, as this one does. | [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.both` | `html` and `text` may be given together. | [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.replyTo` | `replyTo` is an address, a string: `support@yourdomain.com`. | [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.headers` | `headers` is an object from header names to string values: `X-My-Tag` with `onboarding`. | [03](03-what-may-be-in-a-send.ipynb) |
# | `send.request.minimal` | `from`, `to`, `subject` and `html` are enough: the sample calls send no other member. | [01](01-first-mail.ipynb) |
# | `send.request.delivered` | What the members say reaches the recipient: sender, recipient, subject, both bodies, the reply address and the extra headers. | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `send.response` | The answer is an object of the five members below. | [01](01-first-mail.ipynb) |
# | `send.response.id` | `id` names the message: `msg_abc123`. | [01](01-first-mail.ipynb) |
# | `send.response.id.read` | A client finds the id in the `id` member of the answer. | [01](01-first-mail.ipynb) |
# | `send.response.id.prefix` | The ids of messages shown begin with `msg_`. | [01](01-first-mail.ipynb) |
# | `send.response.status` | `status` is `queued`. | [01](01-first-mail.ipynb), [04](04-where-is-my-mail.ipynb), [06](06-why-mail-waits.ipynb) |
# | `send.response.from` | `from` repeats the sender: `hello@yourdomain.com`. | [01](01-first-mail.ipynb) |
# | `send.response.to` | `to` repeats the recipient: `user@example.com`. | [01](01-first-mail.ipynb) |
# | `send.response.createdAt` | `createdAt` is a time: `2026-04-06T12:00:00Z`. | [01](01-first-mail.ipynb) |
# | `send.calls.curl` | On a command line: curl with `-X POST`, the full URL `https://justemails.app/api/v1/send`, the two headers `Authorization` and `Content-Type`, and the JSON as data. | [01](01-first-mail.ipynb) |
# | `send.calls.javascript` | In JavaScript: `fetch` from `node-fetch`, with the method, the same two headers and the object passed through `JSON.stringify`; the awaited JSON of the answer has the id `msg_abc123`. | [01](01-first-mail.ipynb) |
# | `send.calls.python` | In Python: `requests.post` with the same two headers and the object as its `json` argument; the JSON of the answer has the id `msg_abc123`. | [01](01-first-mail.ipynb) |
#
# ### status: GET /send/:id
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `status.purpose` | The operation tells how the delivery of a message that was sent stands. | [04](04-where-is-my-mail.ipynb) |
# | `status.method` | The method is `GET`. | [04](04-where-is-my-mail.ipynb) |
# | `status.path` | The path is `/send/` followed by the message's id. | [04](04-where-is-my-mail.ipynb) |
# | `status.response` | The answer is an object of the seven members below. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.id` | `id` is the message's: `msg_abc123`. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.status` | `status` may be `delivered`. | [04](04-where-is-my-mail.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `status.response.from` | `from` is the sender: `hello@yourdomain.com`. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.to` | `to` is the recipient: `user@example.com`. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.subject` | `subject` is the subject that was sent: `Welcome!`. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.createdAt` | `createdAt` is the time that the answer to the sending gave: `2026-04-06T12:00:00Z`. | [04](04-where-is-my-mail.ipynb) |
# | `status.response.deliveredAt` | `deliveredAt` is the time of delivery of a delivered message, not before `createdAt`: `2026-04-06T12:00:02Z`. | [04](04-where-is-my-mail.ipynb), [05](05-what-the-servers-said.ipynb), [06](06-why-mail-waits.ipynb) |
# | `status.unknown` | An id that names nothing is answered as [errors.404] says. | [04](04-where-is-my-mail.ipynb) |
# | `status.account` | A message is told to the account that sent it, and to no other. | [02](02-who-am-i.ipynb) |
#
# ### messages: GET /messages
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `messages.purpose` | The operation lists the messages that were sent. | [10](10-finding-mail.ipynb) |
# | `messages.method` | The method is `GET`. | [10](10-finding-mail.ipynb) |
# | `messages.path` | The path is `/messages`. | [10](10-finding-mail.ipynb) |
# | `messages.filters` | The list can be narrowed by filters, and none has to be given. | [08](08-how-to-retry.ipynb), [10](10-finding-mail.ipynb) |
# | `messages.account` | It lists the messages of the account that the request's key belongs to, and no others. | [10](10-finding-mail.ipynb) |
# | `messages.response` | The answer is an object of `data` and `pagination`. | [10](10-finding-mail.ipynb) |
# | `messages.data` | `data` is an array with one object for each message. | [10](10-finding-mail.ipynb) |
# | `messages.data.id` | An item has the message's `id`: `msg_abc123`. | [10](10-finding-mail.ipynb) |
# | `messages.data.status` | An item has the message's `status`: `delivered`. | [10](10-finding-mail.ipynb) |
# | `messages.data.more` | An item has further members, which the example leaves out with an ellipsis. | [10](10-finding-mail.ipynb), [12](12-what-is-not-said.ipynb), [13](13-judging-a-server.ipynb) |
# | `messages.pagination` | `pagination` is an object of the three members below; a long list comes in pages. | [10](10-finding-mail.ipynb) |
# | `messages.pagination.page` | `page` is the number of this page, an integer: `1`. | [10](10-finding-mail.ipynb) |
# | `messages.pagination.perPage` | `perPage` is how many messages a page may have, an integer: `50`. | [10](10-finding-mail.ipynb) |
# | `messages.pagination.total` | `total` is how many messages there are on all pages, an integer: `312`. | [10](10-finding-mail.ipynb), [13](13-judging-a-server.ipynb) |
# | `messages.pagination.next` | There is a way to ask for the other pages. | [10](10-finding-mail.ipynb) |
#
# ### keys: /api-keys
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `keys.create` | The operation makes a new API key. | [11](11-living-with-keys.ipynb) |
# | `keys.create.method` | The method is `POST`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.path` | The path is `/api-keys`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.request` | The body is an object of one member. | [11](11-living-with-keys.ipynb) |
# | `keys.create.request.name` | `name` is a name for the key, a string: `Production backend`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response` | The answer is an object of the four members below. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response.id` | `id` names the key: `key_xyz789`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response.id.prefix` | The ids of keys shown begin with `key_`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response.name` | `name` repeats the name: `Production backend`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response.key` | `key` is the secret itself, ready to be used as bearer token: `je_live_abc123...`. | [11](11-living-with-keys.ipynb) |
# | `keys.create.response.createdAt` | `createdAt` is a time: `2026-04-06T12:00:00Z`. | [11](11-living-with-keys.ipynb) |
# | `keys.list` | The operation lists the API keys of the account that the request's key belongs to. | [11](11-living-with-keys.ipynb) |
# | `keys.list.all` | It lists every one of them; no pages are shown. | [11](11-living-with-keys.ipynb) |
# | `keys.list.account` | Keys belong to an account, and other accounts' keys are not listed. | [11](11-living-with-keys.ipynb) |
# | `keys.list.method` | The method is `GET`. | [11](11-living-with-keys.ipynb) |
# | `keys.list.path` | The path is `/api-keys`. | [11](11-living-with-keys.ipynb) |
# | `keys.list.response` | The answer is an object of one member, `data`, an array with one object for each key. | [11](11-living-with-keys.ipynb) |
# | `keys.list.response.id` | An item has the key's `id`: `key_xyz789`. | [11](11-living-with-keys.ipynb) |
# | `keys.list.response.name` | An item has the key's `name`: `Production backend`. | [11](11-living-with-keys.ipynb) |
# | `keys.list.response.lastUsed` | An item has `lastUsed`, a time: `2026-04-06T11:50:00Z`. | [11](11-living-with-keys.ipynb), [12](12-what-is-not-said.ipynb) |
# | `keys.list.secret` | An item does not have the secret. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke` | The operation revokes an API key: from then on the key is an invalid one, as [errors.401] says. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke.irreversible` | A revoked key never works again. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke.method` | The method is `DELETE`. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke.path` | The path is `/api-keys/` followed by the key's id. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke.response` | The answer is an object of one member, `deleted`, which is `true`. | [11](11-living-with-keys.ipynb), [12](12-what-is-not-said.ipynb) |
# | `keys.revoke.unknown` | An id that names no key is answered as [errors.404] says. | [11](11-living-with-keys.ipynb) |
# | `keys.revoke.account` | A key is revoked by the account that it belongs to, and by no other. | [11](11-living-with-keys.ipynb) |
#
# ### limits: how often a key may ask
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `limits.scope` | Requests are limited for each API key by itself. | [07](07-how-many-requests.ipynb) |
# | `limits.reason` | The limits are there for fair usage and for a stable platform. | [07](07-how-many-requests.ipynb) |
# | `limits.tiers` | Three tiers are counted, each with a limit of its own. | [07](07-how-many-requests.ipynb) |
# | `limits.send` | Send emails, 100 requests, per minute | [07](07-how-many-requests.ipynb), [13](13-judging-a-server.ipynb) |
# | `limits.read` | Read endpoints, 300 requests, per minute | [07](07-how-many-requests.ipynb), [13](13-judging-a-server.ipynb) |
# | `limits.keys` | Key management, 10 requests, per minute | [07](07-how-many-requests.ipynb), [11](11-living-with-keys.ipynb), [13](13-judging-a-server.ipynb) |
# | `limits.429` | A request over the limit is answered 429 Too Many Requests. | [07](07-how-many-requests.ipynb), [08](08-how-to-retry.ipynb) |
# | `limits.retry` | That answer has a `Retry-After` header, and it tells when to try again. | [07](07-how-many-requests.ipynb), [08](08-how-to-retry.ipynb) |
# | `limits.retry.true` | A client that waits as long as the header says gets through. | [07](07-how-many-requests.ipynb), [08](08-how-to-retry.ipynb), [11](11-living-with-keys.ipynb), [13](13-judging-a-server.ipynb) |
#
# ### errors: what a refusal looks like
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `errors.always` | Whatever the error, the body of its answer is JSON. | [02](02-who-am-i.ipynb), [03](03-what-may-be-in-a-send.ipynb), [13](13-judging-a-server.ipynb) |
# | `errors.body` | That body has the members `error` and `message`. | [01](01-first-mail.ipynb), [02](02-who-am-i.ipynb), [03](03-what-may-be-in-a-send.ipynb), [07](07-how-many-requests.ipynb), [10](10-finding-mail.ipynb) |
# | `errors.body.error` | `error` is a code word for programs: `VALIDATION_ERROR`. | [03](03-what-may-be-in-a-send.ipynb), [07](07-how-many-requests.ipynb), [12](12-what-is-not-said.ipynb) |
# | `errors.body.message` | `message` is a sentence for people, which names the field at fault: `The 'to' field is required.` | [03](03-what-may-be-in-a-send.ipynb), [07](07-how-many-requests.ipynb), [10](10-finding-mail.ipynb), [12](12-what-is-not-said.ipynb) |
# | `errors.example` | The one example of an error has the code word `VALIDATION_ERROR` and the message of [errors.body.message]; its status is not shown. | [03](03-what-may-be-in-a-send.ipynb), [12](12-what-is-not-said.ipynb) |
# | `errors.400` | 400, Bad Request, a parameter is missing, or is not valid | [03](03-what-may-be-in-a-send.ipynb), [08](08-how-to-retry.ipynb), [10](10-finding-mail.ipynb), [12](12-what-is-not-said.ipynb) |
# | `errors.401` | 401, Unauthorized, there is no API key, or not a valid one | [02](02-who-am-i.ipynb), [08](08-how-to-retry.ipynb), [11](11-living-with-keys.ipynb) |
# | `errors.403` | 403, Forbidden, the key is valid, yet may not do this | [02](02-who-am-i.ipynb) |
# | `errors.404` | 404, Not Found, what is asked for is not there | [02](02-who-am-i.ipynb), [04](04-where-is-my-mail.ipynb), [08](08-how-to-retry.ipynb), [11](11-living-with-keys.ipynb) |
# | `errors.409` | 409, Conflict, the resource is there already; the example is a sending domain that exists | [09](09-what-breaks-a-signature.ipynb) |
# | `errors.422` | 422, Unprocessable Entity, validation fails; the example is a `from` domain that is not verified | [01](01-first-mail.ipynb), [03](03-what-may-be-in-a-send.ipynb), [08](08-how-to-retry.ipynb), [09](09-what-breaks-a-signature.ipynb) |
# | `errors.429` | 429, Too Many Requests, the limit is exceeded; `Retry-After` says how long to wait | [07](07-how-many-requests.ipynb), [08](08-how-to-retry.ipynb), [11](11-living-with-keys.ipynb) |
# | `errors.500` | 500, Internal Server Error, the fault is the server's own; trying again is in order | [08](08-how-to-retry.ipynb) |
# | `errors.403.keys` | Keys differ in what they may do. | [02](02-who-am-i.ipynb) |
# | `errors.409.domains` | Sending domains are resources that are added and may be there already. | [09](09-what-breaks-a-signature.ipynb) |
#
# ### product: what is said about the whole
#
# | Promise | In words | Lessons |
# |---|---|---|
# | `product.rest` | Mail is sent through a REST API that is meant to be simple. | [01](01-first-mail.ipynb) |
# | `product.domains` | Mail is sent from the customer's own verified domains, one or more. | [09](09-what-breaks-a-signature.ipynb) |
# | `product.reliable` | Delivery is reliable. | [05](05-what-the-servers-said.ipynb), [06](06-why-mail-waits.ipynb) |
# | `product.tracking` | The status of a message can be followed in real time. | [04](04-where-is-my-mail.ipynb), [06](06-why-mail-waits.ipynb) |
# | `product.dkim` | Mail is fully authenticated with DKIM. | [09](09-what-breaks-a-signature.ipynb) |
# | `product.spf` | Mail is fully authenticated with SPF. | [09](09-what-breaks-a-signature.ipynb) |
# | `product.included` | Delivery, tracking and authentication come with the service, without an extra. | [05](05-what-the-servers-said.ipynb), [09](09-what-breaks-a-signature.ipynb) |
# | `product.account` | An account costs nothing to create. | [09](09-what-breaks-a-signature.ipynb) |
# | `product.start` | The way in: create the free account, verify a domain, get an API key. | [09](09-what-breaks-a-signature.ipynb) |
# | `product.minutes` | That way takes under 2 minutes. | [09](09-what-breaks-a-signature.ipynb) |
