package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds

class CallTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `what one side plays the other side records`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            val (played, recorded) = folder.resolve("played.wav") to folder.resolve("recorded.wav")
            Wav.write(played, Wav.tone(700, 1_500))
            incoming.record(recorded)
            outgoing.play(played)
            incoming.stopRecording()
            val heard = Wav.read(recorded)
            assertTrue(heard.size > 8_000, "${heard.size} samples")
            val middle = heard.copyOfRange(heard.size / 2 - 2_000, heard.size / 2 + 2_000)
            assertTrue(Wav.share(middle, 700) > 0.95, "a tone of 700 Hz: ${Wav.share(middle, 700)}")
            assertTrue(Wav.share(middle, 1_000) < 0.1)
            outgoing.hangUp()
            assertEquals(Cause.RemoteHangUp, incoming.ended())
            assertEquals(Cause.LocalHangUp, outgoing.ended())
        }
    }

    @Test
    fun `a program speaks and hears by frames at the pace of the call`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            val early = runCatching { outgoing.writeFrames(ShortArray(160)) }.exceptionOrNull()
            assertTrue(early is RvoipException.InvalidState, "$early")
            outgoing.play(AudioSource.Frames)
            incoming.record(AudioSink.Frames)
            coroutineScope {
                val heard = async {
                    val frames = mutableListOf<Short>()
                    while (true) {
                        val more = incoming.readFrames()
                        if (more.isEmpty()) break
                        frames += more.toList()
                    }
                    frames.toShortArray()
                }
                val started = System.nanoTime()
                Wav.tone(700, 3_000).asList().chunked(1_600).forEach { outgoing.writeFrames(it.toShortArray()) }
                assertTrue(System.nanoTime() - started > 1_500_000_000, "a second waits, the rest keeps the pace")
                delay(1_200)
                outgoing.hangUp()
                val middle = heard.await().copyOfRange(8_000, 12_000)
                assertTrue(Wav.share(middle, 700) > 0.95, "a tone of 700 Hz: ${Wav.share(middle, 700)}")
            }
        }
    }

    @Test
    fun `key presses and texts arrive in a call`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            outgoing.sendDtmf("12#")
            assertEquals("12#", incoming.collectDigits(3, 10.seconds))
            val events = incoming.events()
            outgoing.message("hello")
            val message = events.first { it is Event.MessageReceived } as Event.MessageReceived
            assertEquals("hello", message.text)
            assertEquals(incoming.key(), message.callKey)
            assertTrue(message.contentType.startsWith("text/plain"), message.contentType)
        }
    }

    @Test
    fun `holding is seen by both sides`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            outgoing.hold()
            assertEquals(true, outgoing.info()?.heldByUs)
            incoming.events().use { events ->
                events.first { it is Event.HoldChanged && it.heldByPeer }
            }
            assertEquals(CallState.ON_HOLD, outgoing.info()?.state)
            outgoing.resume()
            assertEquals(CallState.CONNECTED, outgoing.info()?.state)
            outgoing.mute(true)
            assertEquals(true, outgoing.info()?.muted)
            outgoing.reinvite()
        }
    }

    @Test
    fun `a refused call ends in an exception with the status`() = waiting {
        pair { pair ->
            val outgoing = pair.caller.call(pair.to)
            pair.bob.incoming().reject(486)
            val error = runCatching { outgoing.answered() }.exceptionOrNull()
            assertTrue(error is RvoipException.Rejected, "$error")
            error as RvoipException
            assertEquals(486.toUShort(), error.status)
            assertEquals(ErrorKind.REJECTED, error.kind)
            assertTrue(error.message!!.contains("(486)"), error.message)
            assertTrue(error.reason.isNotEmpty())
        }
    }

    @Test
    fun `the story of a call is told in order to its end`() = waiting {
        pair { pair ->
            val outgoing = pair.caller.call(pair.to)
            val events = outgoing.events()
            val incoming = pair.bob.incoming()
            assertEquals(CallDirection.INCOMING, incoming.info()?.direction)
            incoming.answer()
            outgoing.answered()
            outgoing.hangUp()
            pair.alice.shutdown()
            val states = events.toList().filterIsInstance<Event.CallStateChanged>().map { it.state }.distinct()
            assertEquals(CallState.CONNECTED, states[states.size - 2])
            assertEquals(CallState.ENDED, states.last())
            assertNull(outgoing.info())
        }
    }

    @Test
    fun `levels and quality are told`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            outgoing.play(AudioSource.Tone(ToneKind.Sine(500u)))
            incoming.events().use { events ->
                val level = events.first { it is Event.LevelsUpdated && it.received > 0.01 } as Event.LevelsUpdated
                assertTrue(level.received <= 1.0)
            }
            val statistics = incoming.events()
            outgoing.hangUp()
            val last = statistics.first { it is Event.StatisticsUpdated } as Event.StatisticsUpdated
            assertTrue(last.statistics.received.packets > 0u)
            assertNotNull(last.statistics.codec)
        }
    }

    @Test
    fun `questions and texts outside a call are answered`() = waiting {
        pair { pair ->
            val answer = pair.caller.options(pair.to)
            assertEquals(200.toUShort(), answer.status)
            assertTrue("INVITE" in answer.allow, "${answer.allow}")
            coroutineScope {
                val received = async(start = CoroutineStart.UNDISPATCHED) {
                    pair.called.events().first { it is Event.MessageReceived } as Event.MessageReceived
                }
                assertEquals(200.toUShort(), pair.caller.message(pair.to, "ping").status)
                assertEquals("ping", received.await().text)
                assertEquals(pair.called.key(), received.await().accountKey)
            }
        }
    }

    @Test
    fun `a client knows its accounts its calls and what it can do`() = waiting {
        pair { pair ->
            val (outgoing, _) = pair.connect()
            assertEquals(listOf(outgoing.key()), pair.alice.calls().map { it.key() })
            assertEquals(listOf("sip:alice@127.0.0.1"), pair.alice.accounts().map { it.info()?.address })
            assertEquals(pair.caller.info(), pair.alice.accountByKey(pair.caller.key()).info())
            assertTrue(TransportKind.UDP in pair.alice.capabilities().transports)
            assertTrue(pair.alice.live() > 0u)
            assertEquals(RegistrationState.UNREGISTERED, pair.caller.info()?.registration)
        }
    }
}
