package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.supervisorScope
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

    private suspend fun mistake(transport: TransportKind) {
        Testbed.start().use { testbed ->
            Client.open(config(testbed, transport)).use { client ->
                val wrong = account(testbed, transport, password = "wrong")
                val error = runCatching { client.register(wrong) }.exceptionOrNull()
                assertTrue(error is RvoipException.AuthenticationFailed, "$error")
                assertEquals(401.toUShort(), (error as RvoipException).status)
            }
        }
    }

    @Test
    fun `a wrong password is an exception with the status over UDP`() = waiting(60) { mistake(TransportKind.UDP) }

    @Test
    fun `a wrong password is an exception with the status over TLS`() = waiting(60) { mistake(TransportKind.TLS) }

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

    private suspend fun vanish(transport: TransportKind) {
        Testbed.start("--baresip", "bob").use { testbed ->
            val config = config(testbed, transport)
            val quick = config.copy(media = config.media.copy(timeout = Duration.ofSeconds(2)))
            Client.open(quick).use { client ->
                val alice = client.register(account(testbed, transport))
                val call = alice.call("sip:bob@${testbed.domain}")
                call.answered()
                call.events().use { events -> events.first { it is Event.AudioReceived } }
                val underWay = supervisorScope {
                    val verbs = listOf(
                        async(start = CoroutineStart.UNDISPATCHED) { call.collectDigits(1u, Duration.ofMinutes(1)) },
                        async(start = CoroutineStart.UNDISPATCHED) { call.play(testbed.speech) },
                    )
                    testbed.vanish()
                    verbs.map { runCatching { it.await() }.exceptionOrNull() }
                }
                for (error in underWay) assertTrue(error is RvoipException.CallEnded, "$error")
                assertEquals(Cause.MediaTimeout, call.ended())
            }
        }
    }

    @Test
    fun `a peer that vanishes ends what is under way over UDP`() = waiting(60) { vanish(TransportKind.UDP) }

    @Test
    fun `a peer that vanishes ends what is under way over TLS`() = waiting(60) { vanish(TransportKind.TLS) }

    @Test
    fun `a server that vanishes is an exception`() = waiting(60) {
        val testbed = Testbed.start()
        val config = config(testbed, TransportKind.UDP)
        Client.open(config.copy(timers = config.timers.copy(t1 = Duration.ofMillis(20)))).use { client ->
            val alice = testbed.use { client.register(account(it, TransportKind.UDP)) }
            val error = runCatching { alice.options("sip:bob@${testbed.domain}") }.exceptionOrNull()
            assertTrue(error is RvoipException.TimedOut || error is RvoipException.Unreachable, "$error")
        }
    }
}
