using System.Text;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Format.Tests;

/// <summary>Changes to JSON texts: values that no writer writes, structure that is broken, bytes that are others.</summary>
internal static class JsonMischief
{
    private static readonly string[] s_values =
    [
        "0", "-1", "1", "2", "255", "4095", "4096", "65536", "2147483647", "-2147483648", "2147483648", "9223372036854775807", "-9223372036854775808",
        "70368744177664", "9223372036854775808", "1e308", "1.5", "0.1e-9", "true", "false", "null", "[]", "{}", "[null]", "[[]]", "[{}]", "\"\"", "\"0\"",
        "\"..\"", "\"../x\"", "\"C:\\\\x\"", "\"a/b\"", "\"CON\"", "\"\\ud800\"", "\"\\u0000\"", "\".\"", "\"Database\"", "\"Log\"", "\"edb.log\"", "\"extent\"",
        "\"20261120T120000Z-F-00000000\"", "\"99991231T235959Z-F-00000000\"", "\"0000000000000000000000000000000000000000000000000000000000000000\"",
    ];

    /// <summary>Changes a text somewhere.</summary>
    public static string Change(string json, Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                return Bytes(json, random);
            case 1:
                return json[..random.Next(json.Length + 1)];
            case 2:
                int at = random.Next(json.Length);
                return json[..at] + json[Math.Min(json.Length, at + random.Next(1, 40))..];
            default:
                return Value(json, random);
        }
    }

    // Puts another value behind a colon or into a list.
    private static string Value(string json, Random random)
    {
        var places = Enumerable.Range(0, json.Length).Where(i => json[i] is ':' or '[').ToList();
        if (places.Count == 0)
            return json;
        int start = places[random.Next(places.Count)] + 1, end = start;
        int depth = 0;
        for (bool inText = false; end < json.Length; end++)
        {
            char c = json[end];
            if (c == '"' && json[end - 1] != '\\')
                inText = !inText;
            if (inText)
                continue;
            if (depth == 0 && c is ',' or '}' or ']')
                break;
            depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
        }

        string value = random.OneIn(12) ? $"\"{new string((char)random.Next('a', 'z'), random.Next(1, 70_000))}\"" : s_values[random.Next(s_values.Length)];
        return json[..start] + value + json[end..];
    }

    private static string Bytes(string json, Random random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Length > 0; changes--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(32, 127);
        return Encoding.UTF8.GetString(bytes);
    }
}
