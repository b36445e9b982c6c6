namespace PipelineBackup.Engine.Tests.Simulation;
internal static class TempDebug
{
    public static void Dump(IEnumerable<(string Name, byte[] Bytes)> logs)
    {
        foreach (var (name, bytes) in logs)
        {
            Console.WriteLine($"--- {name}");
            try {
            var h = LogHeader.Read(bytes);
            Console.WriteLine($"created {h.Created} prev {h.PreviousCreated} checkpoint {h.Checkpoint} attached {string.Join("; ", h.Attached)}");
            using var reader = LogRecordReader.Over(bytes);
            int n = 0;
            while (reader.TryRead(out var r))
            {
                if (PageChange.Describes(r.Type) || r.Type.ToString().Contains("Begin") || r.Type.ToString().Contains("Commit") || r.Type.ToString().Contains("Rollback") || r.Type.ToString().Contains("Macro")|| r.Type.ToString().Contains("Undo") && !r.Type.ToString().Contains("Recovery"))
                { n++; continue; }
                Console.WriteLine($"   ({n} records)"); n = 0;
                string text = r.Type.ToString().Contains("Attach") || r.Type.ToString().Contains("Detach") || r.Type.ToString().Contains("CreateD") ? System.Text.Encoding.Latin1.GetString(r.Bytes).Replace("\0","") : "";
                Console.WriteLine($"{r.Position} {r.Type} {new string(text.Where(c => c >= ' ' && c < 127).ToArray())}");
            }
            Console.WriteLine($"   ({n} records)");
            } catch (Exception e) { Console.WriteLine(e.Message); }
        }
    }
}
