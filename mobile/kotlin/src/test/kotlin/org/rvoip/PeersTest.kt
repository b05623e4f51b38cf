package org.rvoip

import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import java.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** With a real Kamailio and a real baresip. */
class PeersTest {
    @TempDir
    lateinit var folder: Path

    private fun config(testbed: Testbed, transport: TransportKind): ClientConfig {
        val plain = loopback()
        // By TLS the phone connects from wherever the system lets it.
        val binds = if (transport == TransportKind.UDP) plain.binds else emptyList()
        return plain.copy(binds = binds, tls = plain.tls.copy(ca = testbed.authority))
    }

    private fun account(testbed: Testbed, transport: TransportKind, password: String = testbed.password) =
        AccountConfig(
            address = "sip:alice@${testbed.domain}",
            password = password,
            registrar = "sip:${testbed.domain}",
            outboundProxy = "${testbed.proxy(transport.name.lowercase())};lr",
            transport = transport,
        )

    private suspend fun talk(transport: TransportKind) {
        Testbed.start("--baresip", "bob").use { testbed ->
            val heard = folder.resolve("heard.wav")
            Client.open(config(testbed, transport)).use { client ->
                assumeTrue(transport in client.capabilities().transports, "$transport is not in this build")
                val alice = client.register(account(testbed, transport))
                assertEquals(RegistrationState.REGISTERED, alice.info()?.registration)
                assertTrue(alice.register().contacts.isNotEmpty())
                val call = alice.call("sip:bob@${testbed.domain}")
                call.answered()
                call.record(heard)
                coroutineScope {
                    val playing = async { call.play(testbed.speech) }
                    delay(6_500.milliseconds)
                    playing.cancel()
                }
                call.stopRecording()
                call.hangUp()
                alice.unregister()
                assertEquals(RegistrationState.UNREGISTERED, alice.info()?.registration)
            }
            Testbed.assertHeard(testbed.theirSpeech, testbed.speech, heard, 5)
            Testbed.assertHeard(testbed.speech, testbed.theirSpeech, testbed.recording(), 5)
        }
    }

    @Test
    fun `speech is exchanged with baresip by way of Kamailio over UDP`() = waiting(60) { talk(TransportKind.UDP) }

    @Test
    fun `speech is exchanged with baresip by way of Kamailio over TLS`() = waiting(60) { talk(TransportKind.TLS) }

    @Test
    fun `a wrong password is an exception with the status`() = waiting(60) {
        Testbed.start().use { testbed ->
            Client.open(config(testbed, TransportKind.UDP)).use { client ->
                val wrong = account(testbed, TransportKind.UDP, password = "wrong")
                val error = runCatching { client.register(wrong) }.exceptionOrNull()
                assertTrue(error is RvoipException.AuthenticationFailed, "$error")
                assertTrue((error as RvoipException).status in listOf<UShort>(401u, 403u, 407u), "$error")
            }
        }
    }

    @Test
    fun `a peer that is not there is an exception with the status`() = waiting(60) {
        Testbed.start().use { testbed ->
            Client.open(config(testbed, TransportKind.UDP)).use { client ->
                val alice = client.register(account(testbed, TransportKind.UDP))
                val error = runCatching { alice.call("sip:bob@${testbed.domain}").answered() }.exceptionOrNull()
                assertTrue(error is RvoipException.Rejected, "$error")
                assertEquals(404.toUShort(), (error as RvoipException).status)
            }
        }
    }

    @Test
    fun `a peer that vanishes ends the call`() = waiting(60) {
        Testbed.start("--baresip", "bob").use { testbed ->
            val config = config(testbed, TransportKind.UDP)
            val quick = config.copy(media = config.media.copy(timeout = Duration.ofSeconds(2)))
            Client.open(quick).use { client ->
                val alice = client.register(account(testbed, TransportKind.UDP))
                val call = alice.call("sip:bob@${testbed.domain}")
                call.answered()
                call.events().use { events -> events.first { it is Event.AudioReceived } }
                testbed.vanish()
                assertEquals(Cause.MediaTimeout, call.ended())
                val error = runCatching { call.hold() }.exceptionOrNull()
                assertTrue(error is RvoipException.CallEnded, "$error")
            }
        }
    }

    @Test
    fun `a server that vanishes is an exception`() = waiting(60) {
        val config = loopback()
        val timers = config.timers.copy(t1 = Duration.ofMillis(20))
        Client.open(config.copy(timers = timers)).use { client ->
            val nobody = AccountConfig("sip:alice@127.0.0.1:9", password = "secret")
            val error = runCatching { client.register(nobody) }.exceptionOrNull()
            assertTrue(error is RvoipException.TimedOut || error is RvoipException.Unreachable, "$error")
        }
    }
}
