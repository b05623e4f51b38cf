package org.rvoip

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Files
import java.nio.file.Path
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.sin
import kotlin.math.sqrt

/** A mono WAV file of 16-bit samples at 8,000 Hz. */
object Wav {
    fun write(path: Path, samples: ShortArray) {
        val bytes = ByteBuffer.allocate(44 + samples.size * 2).order(ByteOrder.LITTLE_ENDIAN)
        bytes.put("RIFF".toByteArray()).putInt(36 + samples.size * 2).put("WAVEfmt ".toByteArray())
        bytes.putInt(16).putShort(1).putShort(1).putInt(8_000).putInt(16_000).putShort(2).putShort(16)
        bytes.put("data".toByteArray()).putInt(samples.size * 2)
        samples.forEach { bytes.putShort(it) }
        Files.write(path, bytes.array())
    }

    fun read(path: Path): ShortArray {
        val bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN)
        bytes.position(12)
        while (true) {
            val name = ByteArray(4).also { bytes.get(it) }.decodeToString()
            val length = bytes.getInt()
            if (name == "data") {
                return ShortArray(minOf(length, bytes.remaining()) / 2) { bytes.getShort() }
            }
            bytes.position(bytes.position() + length)
        }
    }

    /** A tone that begins and ends softly. */
    fun tone(hertz: Int, milliseconds: Int): ShortArray =
        ShortArray(milliseconds * 8) { (8_000 * sin(2 * PI * hertz * it / 8_000)).toInt().toShort() }

    /** How much of the sound is a tone of that frequency, 0.0 to 1.0. */
    fun share(samples: ShortArray, hertz: Int): Double {
        var (re, im, power) = Triple(0.0, 0.0, 0.0)
        samples.forEachIndexed { index, sample ->
            re += sample * cos(2 * PI * hertz * index / 8_000)
            im += sample * sin(2 * PI * hertz * index / 8_000)
            power += sample.toDouble() * sample
        }
        return if (power == 0.0) 0.0 else sqrt((re * re + im * im) * 2 / (power * samples.size))
    }
}
