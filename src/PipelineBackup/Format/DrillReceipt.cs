using System.Text.Json;

namespace PipelineBackup.Format;

/// <summary>A receipt of a restore drill as it is stored.</summary>
/// <param name="Version">Format version of this object, 1.</param>
/// <param name="Kind">Always <c>drill</c>.</param>
/// <param name="Tool">Name and version of the program.</param>
/// <param name="Backup">Id of the backup.</param>
/// <param name="Chain">Ids of all backups that it took, the full one first.</param>
/// <param name="Finished">When it ended, UTC.</param>
/// <param name="Exit">How it ended, as an exit code.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="PlainBytes">Bytes restored.</param>
/// <param name="Reached">Log position that the databases were recovered to; null when none needed recovery.</param>
/// <param name="Databases">The databases.</param>
internal sealed record DrillReceipt(
    int Version, string Kind, string Tool, string Backup, IReadOnlyList<string> Chain, DateTimeOffset Finished, int Exit,
    double Seconds, long PlainBytes, string? Reached, IReadOnlyList<DrilledDatabase> Databases)
{
    /// <summary>The receipt of a drill.</summary>
    public static DrillReceipt Of(DrillReport report) => new(
        1, "drill", Telemetry.ToolName, report.Restore.Manifest.Id, report.Restore.Chain, report.Finished,
        (int)report.ExitCode, report.Duration.TotalSeconds, report.Restore.PlainBytes, report.Restore.Recovery?.Reached,
        report.Databases);

    /// <summary>As it is stored.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ArchiveJson.Default.DrillReceipt);
}
