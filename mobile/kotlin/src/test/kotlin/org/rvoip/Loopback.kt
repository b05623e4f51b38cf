package org.rvoip

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.mapNotNull
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Runs a test, which fails when it takes longer than that: only a hang does, on a machine that does other things as well. */
fun waiting(limit: Int = 60, block: suspend () -> Unit): Unit =
    runBlocking { withTimeout(limit.seconds) { block() } }

/** The settings of a client on the loopback interface. */
fun loopback(ports: PortRange = Ports(34_000u, 38_000u)): ClientConfig {
    val config = defaultConfig()
    val media = config.media.copy(rtpPorts = ports, levelsInterval = Duration.ofMillis(200))
    return config.copy(binds = listOf(Bind(TransportKind.UDP, "127.0.0.1:0")), media = media)
}

/** Where a client takes SIP messages. */
suspend fun Client.address(): String =
    events().use { events -> events.mapNotNull { (it as? Event.Listening)?.address }.first() }

/** The next incoming call of a client. */
suspend fun Client.incoming(): Call =
    events().use { events -> call(events.mapNotNull { (it as? Event.IncomingCall)?.call }.first()) }

/** Two clients in this process. */
class Pair(val alice: Client, val bob: Client, val caller: Account, val called: Account, val to: String) {
    /** A call that bob answered. */
    suspend fun connect(): kotlin.Pair<Call, Call> {
        val outgoing = caller.call(to)
        val incoming = bob.incoming()
        incoming.answer()
        outgoing.answered()
        return outgoing to incoming
    }
}

/** Runs a block with two clients, and ends them. */
suspend fun pair(config: ClientConfig = loopback(), block: suspend (Pair) -> Unit) {
    Client.open(config).use { alice ->
        Client.open(config).use { bob ->
            val caller = alice.addAccount(AccountConfig("sip:alice@127.0.0.1"))
            val called = bob.addAccount(AccountConfig("sip:bob@127.0.0.1"))
            block(Pair(alice, bob, caller, called, "sip:bob@${bob.address()}"))
        }
    }
}
