package org.rvoip.conformance

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

class ScenariosTest {
    private fun files(folder: String): List<File> {
        val place = File(System.getProperty("rvoip.scenarios"), folder)
        return place.listFiles { file -> file.extension == "json" }.orEmpty().sortedBy { it.name }
    }

    private fun read(file: File): JsonObject = JsonParser.parseString(file.readText()).asJsonObject

    @Test
    fun `every scenario is as it says`(): Unit = runBlocking {
        val files = files("scenarios")
        assertTrue(files.size >= 30, "there are ${files.size} scenarios")
        val failures = mutableListOf<String>()
        val table = files.joinToString("") { file ->
            val outcome = try {
                runBlocking { run(read(file)) }?.let { "skipped $it" } ?: "ok"
            } catch (error: Exception) {
                failures += "${file.nameWithoutExtension}: ${error.message ?: error}"
                "failed"
            }
            "scenario ${file.nameWithoutExtension}: $outcome\n"
        }
        print(table)
        File(System.getProperty("rvoip.table")).apply { parentFile.mkdirs() }.writeText(table)
        assertEquals(emptyList<String>(), failures)
    }

    @Test
    fun `every broken scenario fails for its reason`(): Unit = runBlocking {
        val files = files("broken")
        assertTrue(files.size >= 6, "there are ${files.size} broken scenarios")
        for (file in files) {
            val scenario = read(file)
            val error = runCatching { run(scenario) }.exceptionOrNull()
            val message = error?.message ?: throw AssertionError("${file.name} should fail")
            assertTrue(message.contains(scenario["fails_with"].asString), "${file.name}: $message")
        }
    }

    @Test
    fun `values have the JSON form of the facade`() {
        val cause = org.rvoip.Cause.Rejected(486u, "Busy Here")
        assertEquals("""{"type":"rejected","status":486,"reason":"Busy Here"}""", json(cause).toString())
        val event = org.rvoip.Event.CallStateChanged(3u, org.rvoip.CallDirection.OUTGOING, org.rvoip.CallState.EARLY_MEDIA, null)
        val form = """{"type":"call_state_changed","call":3,"direction":"outgoing","state":"early_media","cause":null}"""
        assertEquals(JsonParser.parseString(form), JsonParser.parseString(json(event).toString()))
        assertEquals("""{"type":"remote_hang_up"}""", json(org.rvoip.Cause.RemoteHangUp).toString())
    }
}
