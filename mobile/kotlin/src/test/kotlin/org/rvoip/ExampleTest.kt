package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.DatagramPacket
import java.net.DatagramSocket
import java.net.InetAddress
import java.nio.file.Path
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds

suspend fun place(alice: String, password: String, bob: String): String =
    // begin: readme
    Client.open().use { client ->
        val account = client.register(AccountConfig(alice, password))
        val call = account.call(bob)
        call.answered()
        call.play(Path.of("hello.wav"))
        val digits = call.collectDigits(4, within = 10.seconds)
        call.hangUp()
        digits
    }
    // end: readme

// begin: events
suspend fun answerEverybody(client: Client): List<String> {
    val texts = mutableListOf<String>()
    client.events().use { events ->
        events.collect { event ->
            when (event) {
                is Event.IncomingCall -> client.call(event.call).answer()
                is Event.CallStateChanged -> println("call ${event.call}: ${event.state} ${event.cause ?: ""}")
                is Event.MessageReceived -> texts += "${event.from}: ${event.text}"
                else -> {}
            }
        }
    }
    return texts
}
// end: events

// begin: errors
suspend fun status(account: Account, to: String): String =
    try {
        account.call(to).answered()
        "connected"
    } catch (error: RvoipException.Rejected) {
        "refused with ${error.status}: ${error.reason}"
    } catch (error: RvoipException) {
        "failed as ${error.kind}: ${error.reason}"
    }
// end: errors

class ExampleTest {
    @Test
    fun `the example of the readme calls`() = waiting {
        Wav.write(Path.of("hello.wav"), Wav.tone(440, 300))
        Registrar().use { registrar ->
            Client.open(loopback()).use { bob ->
                bob.addAccount(AccountConfig("sip:bob@127.0.0.1"))
                coroutineScope {
                    val to = "sip:bob@${bob.address()}"
                    val digits = async { place("sip:alice@${registrar.address}", "secret", to) }
                    val call = bob.incoming()
                    call.answer()
                    // The other side may hang up as soon as it has the fourth, before it is sent to its end.
                    val pressing = async { runCatching { call.sendDtmf("1234") } }
                    assertEquals("1234", digits.await())
                    pressing.await().onFailure { assertTrue(it is RvoipException.CallEnded, "$it") }
                    assertEquals(Cause.RemoteHangUp, call.ended())
                }
            }
        }
    }

    @Test
    fun `the example of events answers calls and collects texts`() = waiting {
        pair { pair ->
            coroutineScope {
                val texts = async(start = CoroutineStart.UNDISPATCHED) { answerEverybody(pair.bob) }
                val call = pair.caller.call(pair.to)
                call.answered()
                call.message("hello")
                call.hangUp()
                pair.bob.shutdown()
                assertEquals(listOf("sip:alice@127.0.0.1: hello"), texts.await())
            }
        }
    }

    @Test
    fun `the example of errors tells why`() = waiting {
        pair { pair ->
            coroutineScope {
                val told = async(start = CoroutineStart.UNDISPATCHED) { status(pair.caller, pair.to) }
                pair.bob.incoming().reject(603)
                assertEquals("refused with 603: the call was refused: Decline", told.await())
            }
            assertEquals("failed as INVALID_ARGUMENT", status(pair.caller, "bob").substringBefore(":"))
        }
    }
}

/** Grants every registration. */
private class Registrar : AutoCloseable {
    private val socket = DatagramSocket(0, InetAddress.getLoopbackAddress())
    val address = "127.0.0.1:${socket.localPort}"
    private val serving = thread(isDaemon = true) { runCatching { while (true) serve() } }

    private fun serve() {
        val packet = DatagramPacket(ByteArray(4_096), 4_096)
        socket.receive(packet)
        val lines = String(packet.data, 0, packet.length).lineSequence().takeWhile { it.isNotBlank() }
        val kept = listOf("via:", "from:", "to:", "call-id:", "cseq:", "contact:")
        val fields = lines.filter { line -> kept.any { line.lowercase().startsWith(it) } }.map { line ->
            if (line.lowercase().startsWith("to:")) "$line;tag=r" else line
        }
        val answer = (sequenceOf("SIP/2.0 200 OK") + fields + "Expires: 600" + "Content-Length: 0" + "" + "")
        val bytes = answer.joinToString("\r\n").toByteArray()
        socket.send(DatagramPacket(bytes, bytes.size, packet.socketAddress))
    }

    override fun close() {
        socket.close()
        serving.join()
    }
}
