package org.rvoip.conformance

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive
import java.lang.reflect.Modifier
import java.time.Duration

private fun snake(name: String): String = name.replace(Regex("(?<=[a-z0-9])(?=[A-Z])"), "_").lowercase()

/** The JSON form of what a verb gives or an event tells, read from the Kotlin values themselves. */
fun json(value: Any?): JsonElement = when (value) {
    null, Unit -> JsonNull.INSTANCE
    is String -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is UShort, is UInt, is ULong -> JsonPrimitive(value.toString().toBigInteger())
    is Duration -> JsonPrimitive(value.toNanos() / 1e9)
    is Enum<*> -> JsonPrimitive(value.name.lowercase())
    is List<*> -> JsonArray().also { array -> value.forEach { array.add(json(it)) } }
    else -> fields(value)
}

private fun fields(value: Any): JsonObject {
    val form = JsonObject()
    val kind = value.javaClass
    // A variant of a sealed class is nested in it, and says which one it is.
    if (kind.superclass == kind.enclosingClass) form.addProperty("type", snake(kind.simpleName))
    for (field in kind.declaredFields.filterNot { Modifier.isStatic(it.modifiers) || it.isSynthetic }) {
        field.isAccessible = true
        form.add(snake(field.name), json(field.get(value)))
    }
    return form
}

/** Whether what came has everything that was expected. A name in the place of a number stands for a key. */
fun fits(expected: JsonElement, got: JsonElement, keys: Map<String, UInt>): Boolean = when {
    expected.isJsonObject && got.isJsonObject ->
        expected.asJsonObject.entrySet().all { (name, value) -> fits(value, got.asJsonObject[name] ?: JsonNull.INSTANCE, keys) }
    expected.isJsonArray && got.isJsonArray -> expected.asJsonArray.size() == got.asJsonArray.size() &&
        expected.asJsonArray.zip(got.asJsonArray).all { (one, other) -> fits(one, other, keys) }
    expected.isJsonPrimitive && got.isJsonPrimitive -> fits(expected.asJsonPrimitive, got.asJsonPrimitive, keys)
    else -> expected == got
}

private fun fits(expected: JsonPrimitive, got: JsonPrimitive, keys: Map<String, UInt>): Boolean = when {
    expected.isString && got.isNumber -> keys[expected.asString]?.toLong() == got.asLong
    expected.isNumber && got.isNumber -> expected.asDouble == got.asDouble
    else -> expected == got
}
