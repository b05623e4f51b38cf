package org.rvoip

import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.fail
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import kotlin.time.Duration.Companion.seconds

class MisuseTest {
    private suspend inline fun <reified E : Throwable> fails(block: suspend () -> Unit): E {
        val error = try {
            block()
            fail("nothing was thrown")
        } catch (error: Throwable) {
            error
        }
        return error as? E ?: throw AssertionError("another exception", error)
    }

    @Test
    fun `what cannot be used is refused`() = waiting {
        pair { pair ->
            fails<RvoipException.InvalidArgument> { pair.alice.addAccount(AccountConfig("no address")) }
            fails<RvoipException.InvalidArgument> { pair.caller.call("bob") }
            val (outgoing, incoming) = pair.connect()
            fails<RvoipException.InvalidArgument> { outgoing.sendDtmf("x") }
            fails<RvoipException.InvalidState> { outgoing.answer() }
            fails<RvoipException.InvalidState> { incoming.reject(486) }
            fails<RvoipException.FileFailed> { outgoing.play(Path.of("no such file.wav")) }
            fails<RvoipException.FileFailed> { outgoing.play(AudioSource.Bytes(byteArrayOf(1, 2, 3))) }
            fails<IllegalArgumentException> { incoming.collectDigits(-1, 1.seconds) }
            fails<IllegalArgumentException> { incoming.reject(-1) }
            // The call minds none of it.
            assertEquals(CallState.CONNECTED, outgoing.info()?.state)
        }
    }

    @Test
    fun `settings that cannot be used are refused`() = waiting {
        val taken = Client.open(loopback())
        taken.use {
            val binds = listOf(Bind(TransportKind.UDP, it.address()))
            fails<RvoipException.BindFailed> { Client.open(loopback().copy(binds = binds)) }
            val nowhere = listOf(Bind(TransportKind.UDP, "nowhere"))
            val error = fails<RvoipException.InvalidArgument> { Client.open(loopback().copy(binds = nowhere)) }
            assertEquals("\"nowhere\" is no address and port", error.reason)
        }
    }

    @Test
    fun `a password is not shown`() {
        val config = AccountConfig("sip:alice:hunter2@example.com", password = "hunter2")
        assertTrue("hunter2" !in "$config" && "hunter2" !in "${listOf(config)}", "$config")
        assertTrue("sip:alice:…@example.com" in "$config", "$config")
        assertEquals(config, config.copy())
        assertEquals("hunter2", config.password)
    }

    @Test
    fun `an ended client says so`() = waiting {
        val client = Client.open(loopback())
        val account = client.addAccount(AccountConfig("sip:alice@127.0.0.1"))
        val events = client.events()
        client.shutdown()
        client.shutdown()
        fails<RvoipException.Closed> { account.call("sip:bob@127.0.0.1:9") }
        fails<RvoipException.Closed> { client.addAccount(AccountConfig("sip:carol@127.0.0.1")) }
        assertTrue(events.toList().last() is Event.ClientClosed)
    }

    @Test
    fun `a freed handle is an illegal state and not a crash`() = waiting {
        val client = Client.open(loopback())
        client.shutdown()
        client.close()
        client.close()
        assertThrows(IllegalStateException::class.java) { client.calls() }
        assertThrows(IllegalStateException::class.java) { client.events() }
        fails<IllegalStateException> { client.shutdown() }
    }

    @Test
    fun `a call that is over says so`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            outgoing.hangUp()
            incoming.ended()
            outgoing.hangUp()
            fails<RvoipException.CallEnded> { outgoing.sendDtmf("1") }
            fails<RvoipException.CallEnded> { outgoing.hold() }
            val unknown = pair.alice.call(4_000u)
            assertEquals(null, unknown.info())
            fails<RvoipException> { unknown.answer() }
        }
    }

    @Test
    fun `a client that is dropped in the middle of a call leaves none behind`() = waiting {
        Client.open(loopback()).use { bob ->
            bob.addAccount(AccountConfig("sip:bob@127.0.0.1"))
            val alice = Client.open(loopback())
            val account = alice.addAccount(AccountConfig("sip:alice@127.0.0.1"))
            val call = account.call("sip:bob@${bob.address()}")
            val incoming = bob.incoming()
            incoming.answer()
            call.answered()
            listOf(call, account, alice).forEach { it.close() }
            assertEquals(Cause.RemoteHangUp, incoming.ended())
        }
    }

    @Test
    fun `a block that throws ends its client and its call`() = waiting {
        Client.open(loopback()).use { bob ->
            bob.addAccount(AccountConfig("sip:bob@127.0.0.1"))
            val to = "sip:bob@${bob.address()}"
            fails<ArithmeticException> {
                Client.open(loopback()).use { alice ->
                    val call = alice.addAccount(AccountConfig("sip:alice@127.0.0.1")).call(to)
                    bob.incoming().answer()
                    call.answered()
                    throw ArithmeticException("a mistake of the program")
                }
            }
            assertEquals(Cause.RemoteHangUp, bob.calls().firstOrNull()?.ended() ?: Cause.RemoteHangUp)
        }
    }

    @Test
    fun `a wire tap sees messages and may throw`() = waiting {
        // What is answered late is sent again, and seen again.
        val seen = ConcurrentHashMap.newKeySet<String>()
        val tap = object : WireTap {
            override fun seen(entry: WireEntry) {
                check(entry.protocol == "UDP" && entry.text.isNotEmpty() && entry.local.startsWith("127."))
                seen += entry.text
                throw IllegalStateException("a mistake of the program")
            }
        }
        Client.open(loopback(), tap).use { alice ->
            Client.open(loopback()).use { bob ->
                bob.addAccount(AccountConfig("sip:bob@127.0.0.1"))
                val account = alice.addAccount(AccountConfig("sip:alice@127.0.0.1"))
                assertEquals(200.toUShort(), account.options("sip:bob@${bob.address()}").status)
            }
        }
        assertEquals(2, seen.size)
    }

    @Test
    fun `what is no message is refused with the place of the fault`() = waiting {
        val text = "OPTIONS sip:bob@b SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nf: <sip:a@a>;tag=1\r\n" +
            "t: <sip:b@b>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\nbody"
        val message = parseMessage(text.toByteArray())
        assertEquals("OPTIONS", message.method)
        assertEquals(HeaderField("Call-ID", "1"), message.headers[3])
        assertEquals("body", message.body)
        val error = fails<RvoipException.InvalidArgument> { parseMessage("nonsense\r\n\r\n".toByteArray()) }
        assertTrue(error.reason.startsWith("at byte "), error.reason)
    }

    @Test
    fun `an exception in a collector is the program's own`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            fails<ArithmeticException> { incoming.events().collect { throw ArithmeticException("mine") } }
            outgoing.hangUp()
            assertEquals(Cause.RemoteHangUp, incoming.ended())
        }
    }
}
