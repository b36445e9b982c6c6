using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Tables that the engine of Windows made are changed here, row by row.</summary>
public sealed class RealTableTests
{
    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-8192")]
    [InlineData("clean-32768")]
    [InlineData("clean-efv8020-4096")]
    [InlineData("clean-misc-4096")]
    [InlineData("clean-nocompress-8192")]
    public void Rows_of_databases_of_Windows_come_change_and_go(string set)
    {
        string folder = GoldenSets.Engine(set);
        string path = Directory.GetFiles(folder, "*.edb", SearchOption.AllDirectories).Single();
        var rig = new LifeRig();
        rig.Disk.Put(LifeRig.Database, File.ReadAllBytes(path));
        PageSize pageSize;
        Dictionary<string, SortedDictionary<string, byte[][][]>> held;
        using (var file = DatabaseFile.Open(path))
            (pageSize, held) = (file.PageSize, RealRows.ReadAll(file));
        var engine = LifeRig.Open(rig.Options with { PageSize = pageSize });
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        var random = new Random(set.Length);
        int refused = 0, changed = 0;
        using (var session = engine.CreateSession())
        {
            foreach (string name in session.TableNames(database))
            {
                var table = session.OpenTable(database, name);
                if ((table.Definition.Flags & TableFlags.Template) != 0)
                    continue;
                if (table.Definition.Indexes.Any(index => !KeyNormalizer.CanNormalize(index)))
                {
                    using var refusal = session.BeginTransaction();
                    Assert.Equal(EseError.IndexInvalidDef,
                        Assert.Throws<EseException>(() => table.Insert(table.NewRow())).Error);
                    refused++;
                    continue;
                }

                var run = new RealTableRun(table, held[name], random);
                using (var transaction = session.BeginTransaction())
                {
                    changed += run.Go(60);
                    LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
                }

                using (session.BeginTransaction())
                    new RealTableRun(table, new(held[name]), random).Go(40);
            }
        }

        Assert.True(changed > 100, $"{changed} changes, {refused} tables refused");
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, set);
        string copy = Path.Combine(GoldenSets.NewFolder("real"), "copy.edb");
        File.WriteAllBytes(copy, rig.Disk.ReadAll(LifeRig.Database));
        using var after = DatabaseFile.Open(copy);
        var found = RealRows.ReadAll(after);
        Assert.Equal(held.Keys, found.Keys);
        foreach (string name in held.Keys)
            RealRows.Compare(held[name], found[name], $"{set}, {name}");
    }
}
