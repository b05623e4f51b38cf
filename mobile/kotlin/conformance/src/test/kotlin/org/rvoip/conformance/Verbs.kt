package org.rvoip.conformance

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import org.rvoip.Account
import org.rvoip.Call
import org.rvoip.Client
import org.rvoip.Harness
import org.rvoip.accountConfigOf
import org.rvoip.audioSinkOf
import org.rvoip.audioSourceOf
import org.rvoip.clientConfigOf
import org.rvoip.collectDigits
import kotlin.time.Duration.Companion.nanoseconds

/** A verb of Kotlin's public interface, with its arguments. */
typealias Verb = suspend () -> Any?

private fun JsonObject.text(name: String): String = argument(name).asString

private fun JsonObject.argument(name: String): JsonElement = get(name) ?: error("the argument $name is missing")

/** Another client, which is given up at once. */
fun opening(harness: Harness, config: JsonObject): Verb = { harness.client(clientConfigOf(config.toString())).close() }

fun verb(name: String, client: Client, args: JsonObject): Verb = when (name) {
    "add_account" -> accountConfigOf(args.toString()).let { config -> { client.addAccount(config).key() } }
    "register" -> accountConfigOf(args.toString()).let { config -> { client.register(config).key() } }
    "close" -> { -> client.shutdown() }
    "capabilities" -> { -> client.capabilities() }
    "live" -> { -> client.live() }
    else -> error("there is no verb client.$name")
}

fun verb(name: String, account: Account, args: JsonObject): Verb = when (name) {
    "register" -> { -> account.register() }
    "unregister" -> { -> account.unregister() }
    "remove" -> { -> account.remove() }
    "call" -> args.text("to").let { to -> { account.call(to).key() } }
    "options" -> args.text("to").let { to -> { account.options(to) } }
    "message" -> (args.text("to") to args.text("text")).let { (to, text) -> { account.message(to, text) } }
    "info" -> { -> account.info() }
    else -> error("there is no verb account.$name")
}

fun verb(name: String, call: Call, args: JsonObject): Verb = when (name) {
    "answered" -> { -> call.answered() }
    "ended" -> { -> call.ended() }
    "answer" -> { -> call.answer() }
    "reject" -> args.argument("status").asInt.let { status -> { call.reject(status.toUShort()) } }
    "hang_up" -> { -> call.hangUp() }
    "hold" -> { -> call.hold() }
    "resume" -> { -> call.resume() }
    "reinvite" -> { -> call.reinvite() }
    "mute" -> args.argument("muted").asBoolean.let { muted -> { call.mute(muted) } }
    "send_dtmf" -> args.text("digits").let { digits -> { call.sendDtmf(digits) } }
    "collect_digits" -> {
        val (count, within) = args.argument("count").asInt to args.argument("within").asDouble
        suspend { call.collectDigits(count, (within * 1e9).toLong().nanoseconds) }
    }
    "play" -> audioSourceOf(args.argument("source").toString()).let { source -> { call.play(source) } }
    "stop_playing" -> { -> call.stopPlaying() }
    "record" -> audioSinkOf(args.argument("sink").toString()).let { sink -> { call.record(sink) } }
    "stop_recording" -> { -> call.stopRecording() }
    "message" -> args.text("text").let { text -> { call.message(text) } }
    "info" -> { -> call.info() }
    else -> error("there is no verb call.$name")
}
