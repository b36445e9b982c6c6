using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Testing;

namespace PipelineBackup.Engine.Tests.Backup;

public sealed class BackupConformanceTests
{
    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task An_engine_keeps_the_law(string law)
    {
        foreach (bool isBusy in new[] { false, true })
        {
            var outcome = await SourceConformance.Law(law).RunAsync(() =>
            {
                var rig = new LifeRig();
                var engine = rig.Open();
                var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
                LifeRig.Now(engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "b.edb")));
                if (isBusy)
                    new WrittenRows(engine, database, new(1)).Steps(2000);
                return SourceUnderTest.Of(engine, isAtRest: false, engine.DisposeAsync);
            }, TestContext.Current.CancellationToken);
            Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
        }
    }
}
