package org.rvoip

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.toJavaDuration

/** The kind of this failure. */
public val RvoipException.kind: ErrorKind get() = kindOf(this)

/**
 * Runs [block] with this client and ends it afterwards, in whatever way the block ends: calls and registrations end in
 * good order, and the handle is freed.
 */
public suspend inline fun <R> Client.use(block: (Client) -> R): R {
    try {
        return block(this)
    } finally {
        withContext(NonCancellable) { shutdown() }
        close()
    }
}

/** Waits for key presses of the peer; see the verb with a Java duration. */
public suspend fun Call.collectDigits(count: Int, within: Duration): String {
    require(count >= 0) { "a number of digits is not negative" }
    return collectDigits(count.toUInt(), within.toJavaDuration())
}

/** Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline). */
public suspend fun Call.reject(status: Int) {
    require(status in 0..UShort.MAX_VALUE.toInt()) { "no SIP status code: $status" }
    reject(status.toUShort())
}

/** Plays a WAV file to the peer, once. Completes when it was played to its end; cancelling stops it. */
public suspend fun Call.play(path: Path): Unit = play(AudioSource.File(path.toString()))

/** Records the peer's audio into a WAV file, until it is stopped or the call ends. */
public suspend fun Call.record(path: Path): Unit = record(AudioSink.File(path.toString()))
