using System.Text.Json;

namespace PipelineBackup.Format;

/// <summary>A mark on a backup as it is stored: that it is pinned, or that it is about to be removed.</summary>
/// <param name="Version">Format version of this object, 1.</param>
/// <param name="Kind"><c>pin</c> or <c>expiring</c>.</param>
/// <param name="Tool">Name and version of the program.</param>
/// <param name="Backup">Id of the backup.</param>
/// <param name="Time">When it was written, UTC.</param>
/// <param name="Note">Why, in the words of whoever pinned it; null without any.</param>
/// <param name="Claim">Name of the claim that goes with a backup that is about to be removed; null without any.</param>
internal sealed record BackupMark(
    int Version, string Kind, string Tool, string Backup, DateTimeOffset Time, string? Note = null, string? Claim = null)
{
    public const int MaxBytes = 4096;

    /// <summary>The beginning of a pin's name.</summary>
    public const string PinPrefix = "pin-";

    /// <summary>The mark of a pin.</summary>
    public static BackupMark Pin(BackupId backup, DateTimeOffset time, string? note) => new(1, "pin", Telemetry.ToolName, $"{backup}", time, note);

    /// <summary>The mark of a backup that is about to be removed.</summary>
    public static BackupMark Expiring(BackupId backup, DateTimeOffset time, ObjectName? claim) =>
        new(1, "expiring", Telemetry.ToolName, $"{backup}", time, Claim: claim?.ToString());

    /// <summary>As it is stored.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ArchiveJson.Default.BackupMark);

    /// <summary>Reads a mark, if it is there.</summary>
    /// <exception cref="BackupException">It is damaged, or the store failed.</exception>
    public static async Task<BackupMark?> TryReadAsync(IBackupArchive archive, ObjectName name, CancellationToken cancellationToken) =>
        await SmallObject.TryReadAsync(archive, name, MaxBytes, cancellationToken).ConfigureAwait(false) is { } content
            ? SmallObject.Parse(content, name, ArchiveJson.Default.BackupMark)
            : null;
}
