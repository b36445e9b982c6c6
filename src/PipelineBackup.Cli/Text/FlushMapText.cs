using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>The header of a flush map, as text and as JSON. The engine's tool has no dump of it to follow.</summary>
internal static class FlushMapText
{
    /// <summary>The header.</summary>
    /// <param name="writer">Where to; lines end with <c>\n</c>.</param>
    /// <param name="map">The header, intact.</param>
    public static void Write(TextWriter writer, FlushMapHeader map)
    {
        writer.Write("FLUSH MAP HEADER:\n");
        writer.Write($"      Version: {Version(map)}\n");
        writer.Write($"      Closed with its database: {(map.IsClean ? "yes" : "no")}\n");
        writer.Write($"      Created: {map.Created}\n");
        writer.Write($"      Attached: {map.Attached}\n");
        writer.Write($"      Detached: {map.Detached}\n");
        writer.Write($"      Last save: {map.SaveStarted} to {map.SaveCompleted}\n");
        writer.Write($"      Exact from log: {map.MinRequired} (save under way: {map.MinRequiredTarget})\n");
        writer.Write($"      Database Header Flush Signature: {map.DatabaseFlushSignature}\n");
        writer.Write($"      Flush Map Header Flush Signature: {map.FlushSignature}\n");
    }

    /// <summary>The header as an object; null when it is damaged.</summary>
    /// <param name="map">The header.</param>
    public static JsonObject? ToJson(FlushMapHeader map) => !map.IsIntact ? null : new()
    {
        ["version"] = Version(map),
        ["clean"] = map.IsClean,
        ["created"] = AttachedDatabaseText.ToJson(map.Created),
        ["attached"] = AttachedDatabaseText.ToJson(map.Attached),
        ["detached"] = AttachedDatabaseText.ToJson(map.Detached),
        ["saveStarted"] = AttachedDatabaseText.ToJson(map.SaveStarted),
        ["saveCompleted"] = AttachedDatabaseText.ToJson(map.SaveCompleted),
        ["minRequired"] = map.MinRequired.Value,
        ["minRequiredTarget"] = map.MinRequiredTarget.Value,
        ["databaseFlushSignature"] = AttachedDatabaseText.ToJson(map.DatabaseFlushSignature),
        ["flushSignature"] = AttachedDatabaseText.ToJson(map.FlushSignature),
    };

    private static string Version(FlushMapHeader map) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{map.VersionMajor}.{map.VersionUpdateMajor}.{map.VersionUpdateMinor}");
}
