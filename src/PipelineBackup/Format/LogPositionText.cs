using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup;

/// <summary>A log position as text that sorts in log order: <c>0000000C:000A:0000</c>.</summary>
internal static class LogPositionText
{
    /// <summary>The text of a position.</summary>
    public static string Of(LogPosition position) => string.Create(CultureInfo.InvariantCulture,
        $"{position.Generation.Value:X8}:{position.Sector:X4}:{position.Offset:X4}");
}
