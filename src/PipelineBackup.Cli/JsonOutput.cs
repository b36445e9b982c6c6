using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PipelineBackup.Cli;

/// <summary>JSON lines: each line one object, the last of them the result.</summary>
internal static class JsonOutput
{
    // The output is read by programs, not put into a web page: letters stay letters.
    private static readonly JsonSerializerOptions s_line =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one object as one line.</summary>
    public static void Write(TextWriter output, JsonObject line) => output.Write(line.ToJsonString(s_line) + "\n");

    /// <summary>The result of a command: how it ended, then the fields of its report.</summary>
    /// <param name="exit">How it ended.</param>
    /// <param name="failure">Why it did not end well; null when it did.</param>
    /// <param name="fields">The fields of the report; moved into the result.</param>
    public static JsonObject Result(ExitCode exit, CommandFailure? failure, JsonObject fields)
    {
        var result = new JsonObject
        {
            ["ok"] = exit == ExitCode.Done,
            ["exit"] = (int)exit,
            ["error"] = failure?.ToJson(),
        };
        foreach (var (name, value) in fields.ToList())
        {
            fields.Remove(name);
            result.Add(name, value);
        }

        return result;
    }

    /// <summary>A report, or a part of one, as JSON.</summary>
    public static JsonNode? Of<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(value, type);

    /// <summary>A list as JSON.</summary>
    public static JsonArray List(IEnumerable<JsonNode?> items) => new([.. items]);

    /// <summary>A list of texts as JSON.</summary>
    public static JsonArray List(IEnumerable<string> items) =>
        List(items.Select(item => (JsonNode?)JsonValue.Create(item)));

    /// <summary>A member's name as JSON writes names.</summary>
    public static string Name<T>(T member)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(member.ToString());
}

/// <summary>How the SDK's records are written: camel case, every field there, also when it is null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(DamagedPage))]
internal sealed partial class ReportJson : JsonSerializerContext;
