using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Where a life ends: at any step of the disk, or near one of those that decide which files count.</summary>
internal static class KillPoint
{
    // Names, headers and checkpoints change seldom: hardly a crash would come between two such steps by itself.
    private const int Nth = 6, Near = 5;

    /// <summary>Chooses for a life that is about to begin.</summary>
    /// <param name="disk">The disk, which counts steps from 0.</param>
    /// <param name="random">Chance.</param>
    /// <param name="headers">Bytes of the headers of a database.</param>
    public static void Choose(SimulatedDisk disk, Random random, long headers)
    {
        disk.Watch = null;
        disk.KillAtStep = random.OneIn(6) ? 0 : random.Next(1, random.OneIn(3) ? 80 : 700);
        if (disk.KillAtStep == 0 || !random.OneIn(3))
            return;
        var what = Kinds(headers)[random.Next(Kinds(headers).Length)];
        int left = random.Next(1, Nth), behind = random.Next(1, Near);
        disk.Watch = step =>
        {
            if (what(step) && --left == 0)
                disk.KillAtStep = step.Number + behind;
        };
    }

    private static Func<DiskStep, bool>[] Kinds(long headers) =>
    [
        step => step.Kind == DiskStepKind.Rename,
        step => step.Kind is DiskStepKind.Create or DiskStepKind.Delete,
        step => step.Kind == DiskStepKind.Write && Path.GetExtension(step.Path) == ".edb" && step.Offset < headers,
        step => step.Kind == DiskStepKind.Write && Path.GetExtension(step.Path) == ".chk",
    ];
}
