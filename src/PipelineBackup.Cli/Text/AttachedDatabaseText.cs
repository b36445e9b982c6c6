using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>
/// What log headers and checkpoints share in the engine's own dumps: attached databases, instance parameters.
/// </summary>
internal static class AttachedDatabaseText
{
    /// <summary>The databases, each field on a line of its own.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="attached">The databases.</param>
    /// <param name="indent">What the lines of the fields begin with.</param>
    /// <param name="suffix">What stands behind the path.</param>
    public static void Write(
        TextWriter writer, IReadOnlyList<AttachedDatabase> attached, string indent, string suffix = "")
    {
        foreach (var entry in attached)
        {
            writer.Write($"      {entry.Slot} {entry.Path}{suffix}\n");
            ulong dbtime = entry.DbTime.Value;
            writer.Write($"{indent}dbtime: {dbtime} ({dbtime >> 32}-{(uint)dbtime})\n");
            writer.Write($"{indent}objidLast: {entry.LastObject}\n");
            writer.Write($"{indent}Signature: {entry.Signature}\n");
            writer.Write($"{indent}MaxDbSize: {entry.MaxPages} pages\n");
            writer.Write($"{indent}Last Attach: {entry.Attached}\n");
            writer.Write($"{indent}Last Consistent: {entry.Consistent}\n");
        }
    }

    /// <summary>The parameters, in the engine's two lines.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="parameters">The parameters.</param>
    public static void Write(TextWriter writer, InstanceParameters parameters)
    {
        writer.Write("      Env (CircLog,Session,Opentbl,VerPage,Cursors,LogBufs,LogFile,Buffers)\n");
        writer.Write($"          ({OnOff(parameters.IsCircular),7},{parameters.Sessions,7},{parameters.OpenTables,7},"
            + $"{parameters.VersionPages,7},{parameters.Cursors,7},{parameters.LogBuffers,7},"
            + $"{parameters.LogFileSectors,7},{parameters.CachePages,7})\n");
    }

    /// <summary><c>on</c> or <c>off</c>.</summary>
    public static string OnOff(bool value) => value ? "on" : "off";

    /// <summary>The databases as an array.</summary>
    /// <param name="attached">The databases.</param>
    public static JsonArray ToJson(IReadOnlyList<AttachedDatabase> attached) => new([.. attached.Select(ToJson)]);

    private static JsonObject ToJson(AttachedDatabase entry) => new()
    {
        ["slot"] = entry.Slot,
        ["flags"] = entry.Flags,
        ["path"] = entry.Path,
        ["dbtime"] = entry.DbTime.Value,
        ["lastObject"] = entry.LastObject.Value,
        ["maxPages"] = entry.MaxPages.Value,
        ["attached"] = ToJson(entry.Attached),
        ["consistent"] = ToJson(entry.Consistent),
        ["signature"] = ToJson(entry.Signature),
    };

    /// <summary>The parameters as an object.</summary>
    /// <param name="parameters">The parameters.</param>
    public static JsonObject ToJson(InstanceParameters parameters) => new()
    {
        ["systemPath"] = parameters.SystemPath,
        ["logPath"] = parameters.LogPath,
        ["circular"] = parameters.IsCircular,
        ["sessions"] = parameters.Sessions,
        ["openTables"] = parameters.OpenTables,
        ["versionPages"] = parameters.VersionPages,
        ["cursors"] = parameters.Cursors,
        ["logBuffers"] = parameters.LogBuffers,
        ["logFileSectors"] = parameters.LogFileSectors,
        ["cachePages"] = parameters.CachePages,
    };

    /// <summary>A position: text as the dumps have it, null when not set.</summary>
    /// <param name="position">The position.</param>
    public static JsonNode? ToJson(LogPosition position) => position.IsSet ? position.ToString() : null;

    /// <summary>A time: ISO 8601, null when not set.</summary>
    /// <param name="time">The time.</param>
    // Times of old engines are local ones of an unknown zone and get no zone here.
    public static JsonNode? ToJson(LogTime time) => time.ToDateTimeOffset() is { } moment
        ? moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture) + (time.IsUtc ? "Z" : "")
        : null;

    /// <summary>A signature as an object, null when not set.</summary>
    /// <param name="signature">The signature.</param>
    public static JsonObject? ToJson(Signature signature) => !signature.IsSet ? null : new()
    {
        ["random"] = signature.Random,
        ["created"] = ToJson(signature.Created),
        ["computer"] = signature.Computer,
        ["hex"] = signature.ToHex(),
    };
}
