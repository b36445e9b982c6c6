using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>A checkpoint in the words of the engine's own dump, and as JSON. Lines end with <c>\n</c>.</summary>
internal static class CheckpointText
{
    /// <summary>The checkpoint.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    public static void Write(TextWriter writer, Checkpoint checkpoint)
    {
        writer.Write($"      LastFullBackupCheckpoint: {checkpoint.LastFullBackupCheckpoint}\n");
        writer.Write($"      Checkpoint: {checkpoint.Position}\n");
        writer.Write($"      DbConsistency: {checkpoint.Consistency}\n");
        writer.Write($"      FullBackup: {checkpoint.FullBackup}\n");
        writer.Write($"      FullBackup time: {checkpoint.FullBackupTime}\n");
        writer.Write($"      IncBackup: {checkpoint.IncrementalBackup}\n");
        writer.Write($"      IncBackup time: {checkpoint.IncrementalBackupTime}\n");
        writer.Write($"      Signature: {checkpoint.Signature}\n");
        AttachedDatabaseText.Write(writer, checkpoint.Parameters);
        // The engine prints the state of its own tables, which nobody opened, so these three words never differ.
        AttachedDatabaseText.Write(writer, checkpoint.Attached, "        ", " LogOff VerOn RW");
    }

    /// <summary>The checkpoint as an object.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    public static JsonObject ToJson(Checkpoint checkpoint) => new()
    {
        ["position"] = AttachedDatabaseText.ToJson(checkpoint.Position),
        ["consistency"] = AttachedDatabaseText.ToJson(checkpoint.Consistency),
        ["fromSecondCopy"] = checkpoint.IsFromSecondCopy,
        ["fullBackup"] = AttachedDatabaseText.ToJson(checkpoint.FullBackup),
        ["fullBackupTime"] = AttachedDatabaseText.ToJson(checkpoint.FullBackupTime),
        ["incrementalBackup"] = AttachedDatabaseText.ToJson(checkpoint.IncrementalBackup),
        ["incrementalBackupTime"] = AttachedDatabaseText.ToJson(checkpoint.IncrementalBackupTime),
        ["signature"] = AttachedDatabaseText.ToJson(checkpoint.Signature),
        ["parameters"] = AttachedDatabaseText.ToJson(checkpoint.Parameters),
        ["attachedBelongs"] = checkpoint.HasAttached,
        ["attached"] = AttachedDatabaseText.ToJson(checkpoint.Attached),
    };
}
