package org.rvoip.conformance

import com.google.gson.JsonArray
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.yield
import org.rvoip.Client
import org.rvoip.Events
import org.rvoip.Harness
import org.rvoip.RvoipException
import org.rvoip.clientConfigOf
import org.rvoip.events
import org.rvoip.kind
import java.time.Duration

/** Something is not as the scenario says. */
class Differs(reason: String, cause: Throwable? = null) : Exception(reason, cause)

/** Turns of the event loop after which a coroutine that was woken has run: each wake is one turn. */
private const val TURNS = 32

/** Longer than any deadline for closing, and than any transaction lives. */
private val UNTIL_CLOSED = Duration.ofHours(1)

/** Runs one scenario; gives why it was skipped, or null. */
suspend fun run(scenario: JsonObject): String? {
    allow(scenario, "shows", "config", "needs", "lacks", "accounts", "steps", "fails_with")
    val harness = Harness(1u)
    val config = scenario["config"]?.takeUnless { it.isJsonNull } ?: JsonObject()
    val client = harness.client(clientConfigOf(config.toString()))
    val capabilities = json(client.capabilities()).asJsonObject
    for (need in scenario["needs"]?.asJsonArray ?: JsonArray()) {
        if (capabilities[need.asString] != JsonPrimitive(true)) return "this face has no ${need.asString}"
    }
    for (more in scenario["lacks"]?.asJsonArray ?: JsonArray()) {
        if (capabilities[more.asString] != JsonPrimitive(false)) return "this face has ${more.asString}"
    }
    coroutineScope {
        val run = Run(harness, client, this)
        run.begin(scenario)
        coroutineContext.cancelChildren()
        run.end()
    }
    client.close()
    return null
}

private fun allow(step: JsonObject, vararg names: String) {
    val strange = step.keySet() - names.toSet()
    if (strange.isNotEmpty()) throw Differs("unknown step: ${strange.first()} in $step")
}

private class Run(val harness: Harness, val client: Client, val scope: CoroutineScope) {
    private val listeners = mutableMapOf("client" to client.events())

    /** The listeners of which a step took something. */
    private val read = mutableSetOf<String>()
    private val keys = mutableMapOf<String, UInt>()
    private val accounts = mutableSetOf<String>()
    private val kept = mutableMapOf<String, Deferred<Result<Any?>>>()

    suspend fun begin(scenario: JsonObject) {
        // In the order of the names, as every runner does it: the keys depend on it.
        for ((name, config) in scenario["accounts"]?.asJsonObject?.entrySet().orEmpty().sortedBy { it.key }) {
            val added = settled(start(verb("add_account", client, config.asJsonObject)))
            keys[name] = added?.getOrThrow() as? UInt ?: throw Differs("the account $name cannot be added: $added")
            accounts += name
        }
        scenario["steps"].asJsonArray.forEachIndexed { index, step ->
            try {
                step(step.asJsonObject)
            } catch (error: Differs) {
                throw Differs("step ${index + 1}: $step: ${error.message}", error)
            } catch (error: RvoipException) {
                throw Differs("step ${index + 1}: $step: ${error.message}", error)
            } catch (error: IllegalStateException) {
                throw Differs("step ${index + 1}: $step: ${error.message}", error)
            }
        }
        try {
            harness.peer("""{"quiet": true}""")
            nothingIsLeft()
        } catch (error: Differs) {
            throw Differs("at the end: ${error.message}", error)
        } catch (error: RvoipException) {
            throw Differs("at the end: ${error.message}", error)
        }
    }

    /** Closes the client, and looks what is left of it: nothing. */
    suspend fun end() {
        val closing = start { client.shutdown() }
        harness.advance(UNTIL_CLOSED)
        if (settled(closing) == null) throw Differs("at the end: the client does not close")
        val (live, waiting) = client.live() to harness.counts().waiting
        if (live != 0uL || waiting != 0u) {
            throw Differs("at the end: the client is closed, but $live things live and $waiting commands wait")
        }
    }

    private fun start(verb: Verb): Deferred<Result<Any?>> = scope.async(start = CoroutineStart.UNDISPATCHED) {
        try {
            Result.success(verb())
        } catch (error: RvoipException) {
            Result.failure(error)
        }
    }

    /** What a verb came to; null while it is under way. */
    private suspend fun settled(verb: Deferred<Result<Any?>>): Result<Any?>? {
        harness.advance(Duration.ZERO)
        repeat(TURNS) { if (!verb.isCompleted) yield() }
        return if (verb.isCompleted) verb.await() else null
    }

    private fun key(name: String): UInt = keys[name] ?: throw Differs("nothing has the name $name")

    private suspend fun step(step: JsonObject) {
        when {
            "do" in step.keySet() -> verb(step)
            "await" in step.keySet() -> awaited(step)
            "cancel" in step.keySet() -> {
                allow(step, "cancel")
                val name = step["cancel"].asString
                (kept.remove(name) ?: throw Differs("nothing is under way as $name")).cancelAndJoin()
                harness.advance(Duration.ZERO)
            }
            "peer" in step.keySet() -> {
                allow(step, "peer", "times")
                repeat(step["times"]?.asInt ?: 1) { harness.peer(step["peer"].toString()) }
            }
            "advance" in step.keySet() -> {
                allow(step, "advance")
                harness.advance(Duration.ofMillis(step["advance"].asLong))
            }
            "events" in step.keySet() -> events(step)
            "listen" in step.keySet() -> {
                allow(step, "listen", "to")
                listeners[step["listen"].asString] = listener(step["to"].asString)
            }
            "counts" in step.keySet() -> counts(step)
            else -> throw Differs("unknown step: $step")
        }
    }

    private fun listener(name: String): Events = when (name) {
        "client" -> client.events()
        in accounts -> client.accountByKey(key(name)).events()
        else -> client.call(key(name)).events()
    }

    private suspend fun verb(step: JsonObject) {
        allow(step, "do", "on", "args", "as", "bind", "returns", "fails", "pending")
        val (thing, name) = step["do"].asString.split('.', limit = 2).let { it[0] to it.getOrElse(1) { "" } }
        val args = step["args"]?.takeIf { it.isJsonObject }?.asJsonObject ?: JsonObject()
        val on = {
            val name = step["on"]?.asJsonPrimitive ?: throw Differs("the step says not on what")
            // A number is a key, which need not be of anything.
            if (name.isNumber) name.asLong.toUInt() else key(name.asString)
        }
        val verb = start(
            when (thing) {
                "client" -> if (name == "open") opening(harness, args) else verb(name, client, args)
                "account" -> verb(name, client.accountByKey(on()), args)
                "call" -> verb(name, client.call(on()), args)
                else -> throw Differs("unknown step: there is nothing that is called $thing")
            },
        )
        val result = settled(verb)
        val bound = result?.getOrNull()
        step["bind"]?.let { name -> if (bound is UInt) keys[name.asString] = bound }
        val keptAs = step["as"]?.asString
        if (keptAs == null) return compare(step, result)
        if (step["pending"]?.asBoolean == true && result != null) {
            throw Differs("it should be under way, but it is complete: $result")
        }
        kept[keptAs] = verb
    }

    private suspend fun awaited(step: JsonObject) {
        allow(step, "await", "returns", "fails", "pending")
        val name = step["await"].asString
        val verb = kept[name] ?: throw Differs("nothing is under way as $name")
        val result = settled(verb)
        if (result != null) kept.remove(name)
        compare(step, result)
    }

    private fun compare(expected: JsonObject, result: Result<Any?>?) {
        val pending = expected["pending"]?.asBoolean == true
        if (result == null) {
            return if (pending) Unit else throw Differs("it should be complete, but it is under way")
        }
        if (pending) throw Differs("it should be under way, but it is complete: $result")
        val fails = expected["fails"]?.takeUnless { it.isJsonNull }
        result.onSuccess { value ->
            val got = json(value)
            if (fails != null) throw Differs("it should fail, but it completed with $got")
            val wanted = expected["returns"] ?: return
            if (!fits(wanted, got, keys)) throw Differs("it should give $wanted, but it gives $got")
        }
        result.onFailure { error ->
            error as RvoipException
            val got = JsonObject()
            got.add("kind", json(error.kind))
            got.add("status", json(error.status))
            got.addProperty("reason", error.reason)
            if (fails == null) throw Differs("it should complete, but it failed: $got")
            if (!fits(fails, got, keys)) throw Differs("it should fail with $fails, but it fails with $got")
        }
    }

    private fun take(name: String): List<JsonObject> {
        harness.advance(Duration.ZERO)
        val listener = listeners[name] ?: throw Differs("nobody listens as $name")
        return listener.take().map { json(it).asJsonObject }
    }

    private fun events(step: JsonObject) {
        allow(step, "events", "of", "bind")
        val name = step["of"]?.asString ?: "client"
        val got = take(name)
        read += name
        step["bind"]?.let { bind ->
            val call = got.firstNotNullOfOrNull { event -> event["call"]?.takeUnless { it.isJsonNull } }
            keys[bind.asString] = (call ?: throw Differs("none of the events is about a call")).asLong.toUInt()
        }
        val expected = step["events"].asJsonArray
        expected.forEachIndexed { index, wanted ->
            val event = got.getOrNull(index)
            if (event == null || !fits(wanted, event, keys)) throw Differs("expected the event $wanted, but there came $got")
        }
        if (got.size > expected.size()) throw Differs("an event came that was not expected: ${got[expected.size()]}")
    }

    /** A listener that is read holds no event that no step took. */
    private fun nothingIsLeft() {
        for (name in read) {
            val left = take(name)
            if (left.isNotEmpty()) throw Differs("$name heard an event that no step took: ${left.first()}")
        }
    }

    private fun counts(step: JsonObject) {
        allow(step, "counts")
        val expected = step["counts"].asJsonObject
        allow(expected, "events", "waiting", "submitted", "live")
        val counts = harness.counts()
        val got = JsonObject()
        got.add("events", json(counts.events))
        got.add("waiting", json(counts.waiting))
        got.add("submitted", json(harness.submitted()))
        got.add("live", json(client.live()))
        if (!fits(expected, got, keys)) throw Differs("expected $expected, but there are $got")
    }
}
