using PipelineBackup.Ese.Tests.Logs;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>The tool of the hostile tests: what it changes gets past every check that is made before replay.</summary>
public sealed class LogMutationTests
{
    [Fact]
    public void Lies_pass_every_checksum()
    {
        int changed = 0;
        Seeds.Each(40, random =>
        {
            var recovery = RecoveryCases.Get(random.Pick([.. RecoveryCases.Soft]));
            var disk = recovery.Disk.Copy();
            LogMutation.Mutate(disk, random);
            foreach (string path in disk.Files.Where(LogMutation.IsLog))
            {
                byte[] log = disk.ReadAll(path);
                changed += log.AsSpan().SequenceEqual(recovery.Disk.ReadAll(path)) ? 0 : 1;
                Assert.True(LogBytes.Scan(log).IsGood, $"{recovery.Name}, {path}: {LogBytes.Scan(log).Message}");
            }

            var chain = LogChain.Open(disk, RecoveryCase.Home, recovery.Options.BaseName);
            chain.ScanAll();
            Assert.Empty(chain.Findings);
        });
        Assert.True(changed > 40, $"{changed} logs changed");
    }
}
